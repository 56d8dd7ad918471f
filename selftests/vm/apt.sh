# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # lib.sh has been read before
# A private apt root: packages of other suites than the machine's own, from the mirror that the machine's apt is
# configured with, signatures checked, nothing installed. Source after lib.sh.

apt_dir=$cache_dir/apt
apt_keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# Package lists are asked for again after this many minutes.
apt_fresh_minutes=720

# apt_mirror ARCHIVE: the URI of the machine's own source of the archive "main" or "security".
apt_mirror()
{
	local release
	case $1 in
	main) release='^[a-z]*$' ;;
	security) release='^[a-z]*-security$' ;;
	esac
	# Lines "URI RELEASE"; a suite name, or a code name with its pocket, tells the archive.
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
		awk -v r="$release" '$2 ~ r && /debian/ { print $1; exit }'
}

# apt_uri SUITE: where the suite is found. Every Debian mirror has the main archive; not every machine is configured with
# a security one, which then stands beside the main one, as on Debian's own hosts.
apt_uri()
{
	local main security
	main=$(apt_mirror main)
	[ -n "$main" ] || die "apt is configured with no Debian archive (see /etc/apt/sources.list.d)"
	case $1 in
	*-security)
		security=$(apt_mirror security)
		echo "${security:-${main%/debian*}/debian-security/}"
		;;
	*) echo "$main" ;;
	esac
}

# apt_get SUITE COMMAND...: apt-get, apt-cache and so on, in the private root of one suite.
apt_in()
{
	local suite=$1 root
	shift
	root=$apt_dir/$suite
	local tool=$1
	shift
	"$tool" -o Dir::State="$root/state" -o Dir::State::status="$root/status" -o Dir::Cache="$root/cache" \
		-o Dir::Etc::sourcelist="$root/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o APT::Architecture=amd64 -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User="$(id -un)" \
		-o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# apt_refresh SUITE: the suite's package lists, not older than apt_fresh_minutes where the mirror answers. Kernels of one
# suite may be fetched at the same time.
apt_refresh() { with_lock "$apt_dir/$1.lock" refresh_lists "$1"; }

refresh_lists()
{
	local suite=$1 root=$apt_dir/$1 stamp=$apt_dir/$1/refreshed
	mkdir -p "$root"/{state/lists/partial,cache/archives/partial}
	: >>"$root/status"
	echo "deb [signed-by=$apt_keyring] $(apt_uri "$suite") $suite main" >"$root/sources.list.new"
	if cmp -s "$root/sources.list.new" "$root/sources.list" &&
		[ -n "$(find "$stamp" -mmin -$apt_fresh_minutes 2>/dev/null)" ]; then
		rm "$root/sources.list.new"
		return
	fi
	mv "$root/sources.list.new" "$root/sources.list"
	step "reading the package lists of $suite"
	if apt_in "$suite" apt-get -q update >"$root/update.log" 2>&1; then
		touch "$stamp"
	elif [ -e "$stamp" ]; then
		say "    the mirror did not answer: going on with the lists of $(date -r "$stamp" +%F)"
	else
		cat "$root/update.log" >&2
		die "cannot read the package lists of $suite"
	fi
}

# apt_depends SUITE PACKAGE PATTERN: the package that PACKAGE depends on and whose name matches. From the lists alone, as
# a pool may have dropped the meta-package itself.
apt_depends()
{
	apt_in "$1" apt-cache depends --no-recommends --no-suggests "$2" 2>/dev/null |
		sed -n 's/^ *|*Depends: //p' | grep -E "$3" | head -n 1
}

# apt_version SUITE PACKAGE
apt_version() { apt_in "$1" apt-cache show --no-all-versions "$2" 2>/dev/null | sed -n 's/^Version: //p'; }

# apt_unpack SUITE DIR PACKAGE...: downloads the packages (the signed lists vouch for them) and unpacks them below DIR.
apt_unpack()
{
	local suite=$1 dir=$2 tmp p
	shift 2
	tmp=$(mktemp -d "$apt_dir/$suite/unpack.XXXXXX")
	(cd "$tmp" && apt_in "$suite" apt-get -q download "$@") >"$tmp/log" 2>&1 || {
		tail -n 3 "$tmp/log" >&2
		rm -rf "$tmp"
		return 1
	}
	for p in "$tmp"/*.deb; do
		dpkg-deb -x "$p" "$dir"
	done
	rm -rf "$tmp"
}

# apt_unpack_closure SUITE DIR PACKAGE...: the packages and all that they depend on, unpacked below DIR.
apt_unpack_closure()
{
	local suite=$1 dir=$2 p
	local archives=$apt_dir/$suite/cache/archives
	shift 2
	rm -f "$archives"/*.deb
	# As if nothing was installed: the private root's package status is empty.
	apt_in "$suite" apt-get -q -y --no-install-recommends --download-only install "$@" \
		>"$apt_dir/$suite/closure.log" 2>&1 || {
		tail -n 5 "$apt_dir/$suite/closure.log" >&2
		return 1
	}
	mkdir -p "$dir"
	for p in "$archives"/*.deb; do
		dpkg-deb -x "$p" "$dir" || return 1
		rm "$p"
	done
}
