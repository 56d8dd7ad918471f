// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose a packet is that this host sends: its socket says, and the system call, if it is by one that it is sent.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "trace.h"

/* Whether this host has made the packet and it is on its way out: of others, hardly any knows its socket. */
bool itrace_owner_is_here(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	return (state->hook == NF_INET_LOCAL_OUT || state->hook == NF_INET_POST_ROUTING) &&
	       !skb->skb_iif;
}

/*
 * The socket, if a process has it open. It goes with its inode, which is freed after a grace period, and this runs under RCU;
 * those of tun and tap, which are of no family, have none.
 */
static struct socket *opened_socket(const struct sock *sk)
{
	struct socket *socket = sk->sk_family == AF_UNSPEC ? NULL : READ_ONCE(sk->sk_socket);

	return socket && READ_ONCE(socket->file) ? socket : NULL;
}

/*
 * Somebody's socket that has sent the packet; NULL for what the kernel sends by itself, such as resets and answers to
 * pings. Those that the kernel has made for a connection of MPTCP are of the process that has this open. xt_owner asks for who
 * opened the socket's file instead, and so knows none of one that has been closed, or not been accepted yet.
 */
struct sock *itrace_owner_socket(const struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct sock *sk = skb_to_full_sk(skb);

	if (!sk || !sk_fullsock(sk) || !net_eq(sock_net(sk), state->net) ||
	    (sk->sk_kern_sock && !opened_socket(sk)))
		return NULL;
	return sk;
}

/*
 * Whether the kernel answers for a socket by itself: at once, in whatever system call something comes in, such as that of who
 * writes to a tun device. While a system call holds the socket it waits, but for what is to become a connection of a listening one.
 */
static bool is_answering(const struct sock *sk)
{
	if (sk->sk_type != SOCK_STREAM && sk->sk_type != SOCK_SEQPACKET && sk->sk_type != SOCK_DCCP)
		return false;
	return sk->sk_state == TCP_LISTEN || !sock_owned_by_user_nocheck(sk);
}

/* By whose system call a socket's packet is sent; NULL in a softirq too, which has interrupted whoever is current. */
struct pid *itrace_owner_process(const struct sock *sk)
{
	return !sk || in_serving_softirq() || is_answering(sk) ? NULL : task_tgid(current);
}

static u64 cgroup_of(struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	return cgroup_id(sock_cgroup_ptr(&sk->sk_cgrp_data));
#else
	return 0;
#endif
}

static u32 inode_of(const struct sock *sk)
{
	struct socket *socket = opened_socket(sk);

	return socket ? SOCK_INODE(socket)->i_ino : 0;
}

static void fill_process(struct iptables_trace_owner *owner, const struct sock *sk,
			 const struct itrace_walk *walk)
{
	struct pid *process = NULL;

	if (!walk->packet->handed_over && !(current->flags & PF_KTHREAD))
		process = itrace_owner_process(sk);
	owner->pid = process ? pid_nr(process) : 0;
	memset(owner->comm, 0, sizeof(owner->comm));
	if (owner->pid)
		memcpy(owner->comm, current->comm, sizeof(owner->comm) - 1);
}

/* Returns whether there is an owner. Under RCU. */
bool itrace_owner_fill(struct iptables_trace_owner *owner, const struct itrace_walk *walk)
{
	const struct nf_hook_state *state = walk->at.state;
	const struct sk_buff *skb = walk->at.skb;
	struct sock *sk;

	BUILD_BUG_ON(sizeof(owner->comm) != TASK_COMM_LEN);

	if (!itrace_owner_is_here(skb, state))
		return false;
	sk = itrace_owner_socket(skb, state);
	if (!sk)
		return false;
	owner->cgroup = cgroup_of(sk);
	owner->uid = from_kuid(&init_user_ns, READ_ONCE(sk->sk_uid));
	owner->socket = inode_of(sk);
	owner->reserved = 0;
	fill_process(owner, sk, walk);
	return true;
}
