# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the rules that ask a compiler about the modules. Source after lib.sh.
# shellcheck disable=SC2154 # lib.sh has been read before this

lint_kernels() { awk '!/^#/ && NF { print $1 }' "$lint_top/selftests/vm/kernels"; }
lint_default_kernel() { lint_kernels | head -n 1; }

# lint_kbuild KERNEL MAKE-ARGUMENT...: what is said about the tree's modules when they are built for the kernel. The
# arguments come after the compiler that selftests/vm/kernels names and may name another.
lint_kbuild()
{
	local kernel=$1 dir sources compiler
	dir=$(lint_kernel "$kernel")
	compiler=$(awk -v n="$kernel" '$1 == n { print $5 }' "$lint_top/selftests/vm/kernels")
	mapfile -t sources < <(lint_files Kbuild 'kernel/*')
	[ ${#sources[@]} -gt 0 ] || return 0
	lint_cached "$dir $* $("$compiler" --version) $(clang --version) $(sparse --version) $(
		lint_digest "${sources[@]}" "$lint_top/Makefile" "$lint_dir/kbuild.sh" "$lint_dir/clang-for-gcc-headers"
	)" lint_kbuild_new "$kernel" "$dir/headers" CC="$compiler" "${@:2}"
}

# The compiler's words about the modules' own files, each a finding; what it says of the kernel's is not ours to mend.
lint_kbuild_new()
{
	local kernel=$1 headers=$2 out log status=0
	shift 2
	mkdir -p "$lint_build"
	out=$(mktemp -d "$lint_build/kbuild.XXXXXX")
	log=$out/log
	env -u MAKEFLAGS make -s -j"$(nproc)" -C "$PWD" -f "$lint_top/Makefile" \
		BUILD="$out" KDIR="$headers" "$@" modules >"$log" 2>&1 || status=$?
	sed -nE "s|^$out/modules/[^/]+/([^:]+:[0-9]+):([0-9]+:)? (warning\|error\|fatal error): (.*)|\1: $kernel: \4|p
		s|^(WARNING\|ERROR): modpost: (.*)|kernel/Kbuild: $kernel: modpost: \2|p
		s|^.*\*\*\* (kernel/compat: .*)|kernel/Kbuild: $kernel: \1|p" "$log" | sort -u >"$out/findings"
	if [ $status != 0 ] && [ ! -s "$out/findings" ]; then
		echo "kernel/Kbuild: $kernel: the build failed: $(grep -m1 -E 'rror' "$log" || tail -n 1 "$log")"
	fi
	cat "$out/findings"
	rm -rf "$out"
}
