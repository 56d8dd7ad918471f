#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A network namespace that has no name of ip-netns(8) is called after the container of a process in it, or as Docker's file of
# it, wherever it is named: also of packets that are received or forwarded there, which are nobody's.

cd "$(dirname "$0")/.." || exit 1
. lib/ktap.sh
. lib/net.sh
. lib/trace.sh

make_pair
# What has no rule anywhere is not traced.
in_right iptables-legacy -A INPUT
id=$(printf '%064d' $$)
cgroup=/sys/fs/cgroup/docker-$id.scope
docker=/var/lib/docker/containers/$id
mkdir -p "$cgroup" "$docker"
cleanup_push rm -r "$docker"
cleanup_push rmdir "$cgroup"
echo '{"Name":"/we\u001bb"}' >"$docker/config.v2.json"

# shellcheck disable=SC2016 # the inner shell's
unshare --net bash -c 'echo $$ >"$1"/cgroup.procs; exec sleep 1000' - "$cgroup" &
container=$!
end_container() { kill "$container"; wait "$container"; }
cleanup_push end_container
in_place() { grep -q "docker-$id" "/proc/$container/cgroup" && ! [ "/proc/$container/ns/net" -ef /proc/self/ns/net ]; }
wait_until 20 in_place | diag

# A namespace that only a file of Docker's stands for, as that of a network of its own.
sandbox=/run/docker/netns/1-0a2b$$
mkdir -p "${sandbox%/*}"
touch "$sandbox"
unshare --net="$sandbox" true
remove_sandbox() { umount "$sandbox"; rm "$sandbox"; }
cleanup_push remove_sandbox

# join N FILE: the namespace of that file has 10.99.N.2, and left .1; it drops UDP that comes in.
join()
{
	ip -n "$left" link add "eth$1" type veth peer name "peer$1"
	ip -n "$left" addr add "10.99.$1.1/24" dev "eth$1"
	ip -n "$left" link set "eth$1" up
	ip -n "$left" link set "peer$1" netns "$2"
	nsenter --net="$2" ip link set "peer$1" name eth0
	nsenter --net="$2" ip addr add "10.99.$1.2/24" dev eth0
	nsenter --net="$2" ip link set eth0 up
	nsenter --net="$2" iptables-legacy -A INPUT -p udp -j DROP
}
send() { in_left bin/send_packet "10.99.$1.1" "10.99.$1.2" 17 "$(udp_payload 7)"; }
# named NAME: what the namespace of its packets is called.
named() { shown "$1" | sed -n 's/^TIME .* netns \(.*\)/\1/p' | sort -u; }

ktap_plan 6
join 2 "/proc/$container/ns/net" 2>&1 | diag
join 3 "$sandbox" 2>&1 | diag
trace tree --netns all -c 2 'udp port 7 and net 10.99.0.0/16'
trace json --netns all -c 2 --format json 'udp port 7 and net 10.99.0.0/16'
trace line --netns "$container" -c 1 --format line 'udp port 7'
send 2
send 3
for name in tree json line; do trace_wait $name; done
check "the tree has the container's name, and of the other namespace that of Docker's file" same "$(named tree)" \
	"$(printf 'docker:%s\n' "1-0a2b$$" 'we\x1bb')"
check "JSON has the same names" same "$(jq -r 'select(.type == "enter").netns' "$trace_dir/json.out" | sort -u)" \
	"$(printf 'docker:%s\n' "1-0a2b$$" 'we\x1bb')"
check "so have lines" same "$(cut -d' ' -f3 "$trace_dir/line.out" | sort -u)" 'docker:we\x1bb'
check "and what is said of the trace" grep -qF 'in netns docker:we\x1bb;' "$trace_dir/line.err"
check "the rules of both were read" same "$(shown tree | grep -c -- '-A INPUT -p udp -j DROP')" 2
rm "$docker/config.v2.json"
trace nameless --netns "$container" -c 1 'udp port 7'
send 2
trace_wait nameless
check "a container without a name that is known is called by its id" same "$(named nameless)" "docker:${id:0:12}"
ktap_end
