# SPDX-License-Identifier: GPL-2.0-only
# The format of iptables-test.py: rule;what iptables-save prints (= the same);OK or FAIL.
# Programs must be pinned first; selftests/ext/cases.sh does it and runs this for iptables and ip6tables, legacy and nft.
:INPUT,FORWARD,OUTPUT
-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0";=;OK
-m bpf --bytecode "1,6 0 0 4294967295";=;OK
-m bpf --bytecode "1,6 0 0 1,";-m bpf --bytecode "1,6 0 0 1";OK
-m bpf --bytecode " 1 , 6  0 0 1 ";-m bpf --bytecode "1,6 0 0 1";OK
-m bpf --bytecode "1,6 0 0 1" -m bpf --bytecode "1,6 0 0 2";=;OK
-m bpf --object-pinned /sys/fs/bpf/libipt_bpf_t/all;=;OK
-m bpf --object-pinned "/sys/fs/bpf/libipt_bpf_t/two words";=;OK
-m bpf --object-pinned "/sys/fs/bpf/libipt_bpf_t/it's \"quoted\" \\";-m bpf --object-pinned "/sys/fs/bpf/libipt_bpf_t/it\'s \"quoted\" \\";OK
-m bpf --object-pinned /sys/fs/bpf/libipt_bpf_t/all -m bpf --bytecode "1,6 0 0 1";=;OK
-m bpf --object-pinned /sys/fs/bpf/libipt_bpf_t/all -m bpf --object-pinned /sys/fs/bpf/libipt_bpf_t/all;=;OK
-m bpf;;FAIL
-m bpf --bytecode "";;FAIL
-m bpf --bytecode "0";;FAIL
-m bpf --bytecode "1";;FAIL
-m bpf --bytecode "65,6 0 0 1";;FAIL
-m bpf --bytecode "2,6 0 0 1";;FAIL
-m bpf --bytecode "1,6 0 0 1,6 0 0 1";;FAIL
-m bpf --bytecode "1,6 0 0";;FAIL
-m bpf --bytecode "1,6 0 0 1zzz";;FAIL
-m bpf --bytecode "1,6 0 0 -1";;FAIL
-m bpf --bytecode "1,6 0 0 4294967296";;FAIL
-m bpf --bytecode "2,21 256 0 6,6 0 0 1";;FAIL
-m bpf --bytecode "1,65542 0 0 1";;FAIL
-m bpf --bytecode "1,6 0 0 1" --bytecode "1,6 0 0 1";;FAIL
-m bpf --bytecode "1,6 0 0 1" --object-pinned /sys/fs/bpf/libipt_bpf_t/all;;FAIL
-m bpf ! --bytecode "1,6 0 0 1";;FAIL
-m bpf ! --object-pinned /sys/fs/bpf/libipt_bpf_t/all;;FAIL
-m bpf --object-pinned "";;FAIL
-m bpf --object-pinned /sys/fs/bpf/libipt_bpf_t/missing;;FAIL
-m bpf --object-pinned /sys/fs/bpf/libipt_bpf_t;;FAIL
-m bpf --object-pinned /proc/version;;FAIL
