# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# This machine, but changes last only as long as the test: for what installs into /usr, /lib/modules and the package
# database. Overlays over the machine's folders, in a mount namespace. Source after ktap.sh.
#
#	private_root 6.12 6.1	goes on in such a place, which has these kernels of selftests/vm/kernels installed, and no other:
#				headers, and the modules that a guest gets. Needs root, or sudo.
#	boot 6.12		from here on the place runs that kernel, as far as uname says. Nothing is loaded or unloaded:
#				what modprobe and rmmod are asked for goes to /tmp/modules.log.
#	release 6.12		what uname -r says on that kernel
#	checkout DIR		the source tree in DIR, for the user of as_user COMMAND...
#	without 6.12 OPTION	its headers are of a kernel that is configured without OPTION. Without CONFIG_KRETPROBES there is
#				one module to build, the small one, for what is not about the modules themselves.

private_root()
{
	local name dirs='' sudo=()
	if [ -z "${PRIVATE_ROOT:-}" ]; then
		[ -n "${TOP_DIR:-}" ] || skip_all "needs the source tree: run it by selftests/host_tests.sh"
		[ "$(id -u)" = 0 ] || sudo=(sudo -n)
		"${sudo[@]}" unshare --mount true 2>/dev/null || skip_all "needs root, or sudo that does not ask"
		for name in "$@"; do
			dirs="$dirs $name=$("$TOP_DIR/selftests/vm/fetch-kernel.sh" "$name")" || exit 1
		done
		# shellcheck disable=SC2016 # for the inner shell
		exec "${sudo[@]}" env PRIVATE_ROOT="$dirs" TOP_DIR="$TOP_DIR" BUILD_DIR="$BUILD_DIR" TEST_WHOLE="${TEST_WHOLE:-}" \
			unshare --mount \
			bash -c '. "$1"; enter "$2"' - "${BASH_SOURCE[0]}" "$(readlink -f "$0")"
	fi
	give_kernels
}

# The second half, in the mount namespace: makes the root and runs the script again there.
enter()
{
	local dir
	set -e
	mount -t tmpfs tmpfs /mnt
	for dir in /*; do
		case $dir in
		/proc | /sys | /dev)
			mkdir "/mnt$dir"
			mount --rbind "$dir" "/mnt$dir"
			;;
		/usr | /etc | /var | /bin | /sbin | /lib*)
			overlay "$dir"
			;;
		/tmp)
			mkdir -m 1777 /mnt/tmp
			;;
		*)
			[ ! -d "$dir" ] || mkdir "/mnt$dir"
			;;
		esac
	done
	# The machine's own kernels and its own use of DKMS are not to be seen.
	for dir in /lib/modules /usr/src /var/lib/dkms; do
		mkdir -p "/mnt$dir"
		mount -t tmpfs tmpfs "/mnt$dir"
	done
	for dir in "$TOP_DIR" "$BUILD_DIR" $(kernel_dirs); do
		mkdir -p "/mnt$dir"
		mount --rbind "$dir" "/mnt$dir"
	done
	cd /mnt
	pivot_root . .
	umount -l .
	exec env TMPDIR=/tmp LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash "$1"
}

# overlay DIR: the new root has DIR of this machine with a layer of memory above, or the link that it is.
overlay()
{
	local dir=$1 layers=/mnt/.layers$1
	if [ -L "$dir" ]; then
		cp -P "$dir" "/mnt$dir"
		return
	fi
	mkdir -p "/mnt$dir" "$layers/upper" "$layers/work"
	mount -t overlay overlay -o "lowerdir=$dir,upperdir=$layers/upper,workdir=$layers/work" "/mnt$dir"
}

checkout()
{
	local dir rooms=()
	mkdir -p "$1/build"
	tar -C "$TOP_DIR" --exclude=./build --exclude=./.git -c . | tar -C "$1" --no-same-owner -x
	# User space is built already, and stays so as files keep their times.
	for dir in xtables-ext bpf-progs userspace; do
		[ ! -e "$BUILD_DIR/$dir" ] || rooms+=("$dir")
	done
	tar -C "$BUILD_DIR" --exclude=userspace/tests -c "${rooms[@]}" | tar -C "$1/build" --no-same-owner -x
	chown -R 65534:65534 "$1"
}

as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

kernel_dirs() { tr ' ' '\n' <<<"$PRIVATE_ROOT" | sed 's/.*=//'; }

kernel_dir()
{
	local pair
	for pair in $PRIVATE_ROOT; do
		[ "${pair%%=*}" != "$1" ] || echo "${pair#*=}"
	done
}

release() { cat "$(kernel_dir "$1")/release"; }

# give_kernels: as their packages install them. Debian's 6.12 has compressed modules: one stands for all.
give_kernels()
{
	local pair name dir modules
	for pair in $PRIVATE_ROOT; do
		name=${pair%%=*} dir=${pair#*=}
		modules=/lib/modules/$(cat "$dir/release")
		mkdir -p "$modules"
		cp -rs "$dir/guest-modules/." "$modules/"
		if [ "$name" = 6.12 ]; then
			xz -c "$dir/guest-modules/kernel/net/netfilter/xt_bpf.ko" >"$modules/kernel/net/netfilter/xt_bpf.ko.xz"
			rm "$modules/kernel/net/netfilter/xt_bpf.ko"
		fi
		ln -s "$(readlink -f "$dir/headers")" "$modules/build"
		depmod "$(cat "$dir/release")"
	done
}

# Links, but for what kbuild and DKMS read the configuration from.
without()
{
	local headers=/opt/headers-$1 real file
	real=$(readlink -f "$(kernel_dir "$1")/headers")
	rm -rf "$headers"
	mkdir -p "$headers"
	cp -rs "$real/." "$headers/"
	for file in .config include/config/auto.conf; do
		rm "$headers/$file"
		grep -v "^$2=" "$real/$file" >"$headers/$file"
	done
	ln -sfn "$headers" "/lib/modules/$(release "$1")/build"
}

boot()
{
	printf '#!/bin/sh\n[ "$*" != -r ] || { echo %s; exit; }\nexec /usr/bin/uname "$@"\n' "$(release "$1")" \
		>/usr/local/bin/uname
	# Otherwise a maintainer script would see that this is no running system.
	printf '#!/bin/sh\nexit 1\n' >/usr/local/bin/ischroot
	# shellcheck disable=SC2016 # for the stub
	printf '#!/bin/sh\necho "${0##*/} $*" >>/tmp/modules.log\n' >/usr/local/sbin/modprobe
	cp /usr/local/sbin/modprobe /usr/local/sbin/rmmod
	chmod +x /usr/local/bin/uname /usr/local/bin/ischroot /usr/local/sbin/modprobe /usr/local/sbin/rmmod
	: >/tmp/modules.log
}
