/* SPDX-License-Identifier: GPL-2.0-only */
/* A line for each event of a session, without its end. */
#ifndef TRACE_PRINT_H
#define TRACE_PRINT_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "trace_record.h"

static const char *name_of(const char *const *names, unsigned int n, unsigned int count)
{
	return n < count && names[n] ? names[n] : "?";
}

#define NAME(n, ...) name_of((const char *const []){ __VA_ARGS__ }, n, \
			     sizeof((const char *const []){ __VA_ARGS__ }) / sizeof(char *))

/* Hop limit, addresses, ports or ICMP type, as far as these tests look. */
static void print_header(const struct iptables_trace_ctx *ctx)
{
	const unsigned char *h = ctx->header, *transport = h + (h[0] & 15) * 4;
	char from[INET6_ADDRSTRLEN] = "", to[INET6_ADDRSTRLEN] = "";
	unsigned int protocol = h[9], ttl = h[8];

	if (ctx->family == 2) {
		inet_ntop(AF_INET, h + 12, from, sizeof(from));
		inet_ntop(AF_INET, h + 16, to, sizeof(to));
	} else {
		inet_ntop(AF_INET6, h + 8, from, sizeof(from));
		inet_ntop(AF_INET6, h + 24, to, sizeof(to));
		protocol = h[6];
		ttl = h[7];
		transport = h + 40;
	}
	printf(" ttl=%u proto=%u src=%s dst=%s", ttl, protocol, from, to);
	if (protocol == 6 || protocol == 17)
		printf(" sport=%u dport=%u", transport[0] << 8 | transport[1], transport[2] << 8 | transport[3]);
	else if (protocol == 1 || protocol == 58)
		printf(" icmp=%u", transport[0]);
}

/* As it is for IPv4 on Ethernet. */
static void print_arp(const struct iptables_trace_ctx *ctx)
{
	const unsigned char *h = ctx->header;
	char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, h + 14, sender, sizeof(sender));
	inet_ntop(AF_INET, h + 24, target, sizeof(target));
	printf(" op=%u sender=%s target=%s", h[6] << 8 | h[7], sender, target);
}

/* RULE.INDEX of each, its answer (+ or -, and ! for hotdrop) and @ID of its program, if any. */
static void print_matches(const struct trace_matches_record *r)
{
	unsigned long long took = 0;
	unsigned int i;

	printf(" count=%u said=", r->record.ctx.match_count);
	for (i = 0; i < r->record.ctx.match_count; i++) {
		const struct iptables_trace_match *m = &r->match[i];

		printf("%s%u.%u%s%s", i ? "," : "", m->rule_number, m->index, m->flags & IPTABLES_TRACE_MATCH_YES ? "+" : "-",
		       m->flags & IPTABLES_TRACE_MATCH_HOTDROP ? "!" : "");
		if (m->prog_id)
			printf("@%u", m->prog_id);
		took += m->duration_ns;
	}
	printf(" took=%llu", took);
}

/* The family and handle, and at a rule what that says. */
static void print_nft(const struct iptables_trace_ctx *ctx)
{
	int verdict = ctx->verdict;

	printf(" nft=%s handle=%llu", NAME(ctx->nft_family, NULL, "inet", "ip", "arp", NULL, "netdev", NULL, "bridge", NULL, NULL, "ip6"),
	       ctx->handle);
	if (ctx->kind != IPTABLES_TRACE_RULE)
		return;
	if (verdict < 0)
		printf(" says=%s", NAME(-verdict, NULL, "continue", "break", "jump", "goto", "return"));
	else
		printf(" says=%s", NAME(verdict & 0xff, "drop", "accept", "stolen", "queue"));
}

static void print_event(const struct trace_record *r)
{
	const struct iptables_trace_ctx *c = &r->ctx;

	printf("%s packet=%llu seq=%u", NAME(c->kind, NULL, "enter", "rule", "leave", "matches"), c->packet, c->seq);
	printf(" walk=%llu parent=%llu/%llu", c->traversal, c->parent_packet, c->parent_traversal);
	printf(" flags=%s%s%s%s%s%s%s%s%s%s", c->flags & IPTABLES_TRACE_F_STOLEN ? "stolen," : "",
	       c->flags & IPTABLES_TRACE_F_FIRST ? "first," : "",
	       c->flags & IPTABLES_TRACE_F_TERMINAL ? "terminal," : "",
	       c->flags & IPTABLES_TRACE_F_GUESSED ? "guessed," : "",
	       c->flags & IPTABLES_TRACE_F_USER_TRACE ? "user," : "",
	       c->flags & IPTABLES_TRACE_F_CHILD ? "child," : "",
	       c->flags & IPTABLES_TRACE_F_OBSERVED ? "observed," : "",
	       c->flags & IPTABLES_TRACE_F_TABLE_CUT ? "table_cut," : "",
	       c->flags & IPTABLES_TRACE_F_CHAIN_CUT ? "chain_cut," : "",
	       c->flags & IPTABLES_TRACE_F_UNTOLD ? "untold," : "");
	printf(" family=%u table=%s hook=%s priority=%d", c->family, c->table,
	       c->family == 3 ? NAME(c->hook, "arp-in", "arp-out") :
				NAME(c->hook, "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"), c->priority);
	printf(" in=%s/%u out=%s/%u", c->in_name, c->in_ifindex, c->out_name, c->out_ifindex);
	printf(" chain=%s type=%s rule=%u", c->chain,
	       NAME(c->rule_type, "-", "rule", "return", "policy", "other"), c->rule_number);
	if (c->nft_family)
		print_nft(c);
	printf(" verdict=%u/%u duration=%llu net=%u", c->verdict & 0xff, c->verdict >> 16, c->duration_ns, c->net_ns);
	printf(" ruleset=%llu replacements=%llu missed=%llu", c->ruleset, c->replacements, c->missed);
	printf(" netns=%u cookie=%llu cpu=%u time=%llu", c->netns_inum, c->netns_cookie, c->cpu, c->time_ns);
	printf(" length=%u mark=%u ct=%u/%u/%u", c->length, c->mark, c->ct_state, c->ct_status, c->ct_mark);
	printf(" nf_trace=%u skb=%d state_hook=%u headers=%u", r->nf_trace, !!r->skb, r->state_hook, c->header_len);
	printf(" result=%llx caller=%llx", r->result, r->caller);
	if (c->family == 3)
		print_arp(c);
	else
		print_header(c);
}

/* The events of which a traversal, or a part of one, is made, as each would have come by itself. */
static void print_whole(const struct trace_whole_record *w)
{
	const struct iptables_trace_traversal *t = &w->whole;
	const struct iptables_trace_left *left = &t->left;
	struct trace_record r = { .ctx = t->enter, .skb = w->skb, .nf_trace = w->nf_trace, .state_hook = w->state_hook };
	struct iptables_trace_ctx *c = &r.ctx;
	unsigned int i;

	if (t->parts & IPTABLES_TRACE_PART_ENTER) {
		c->kind = IPTABLES_TRACE_ENTER;
		print_event(&r);
		printf("\n");
		c->seq++;
	}
	for (i = 0; i < t->rule_count; i++, c->seq++) {
		const struct iptables_trace_rule *rule = &t->rules[i];

		c->kind = IPTABLES_TRACE_RULE;
		memcpy(c->chain, rule->chain, sizeof(c->chain));
		c->rule_number = rule->rule_number;
		c->rule_type = rule->rule_type;
		c->mark = rule->mark;
		c->ct_mark = rule->ct_mark;
		c->handle = rule->handle;
		c->verdict = rule->verdict;
		c->net_ns = rule->net_ns;
		c->time_ns = rule->time_ns;
		c->cpu = rule->cpu;
		c->flags = rule->flags | (t->enter.flags & IPTABLES_TRACE_F_CHILD);
		print_event(&r);
		printf("\n");
	}
	if (!(t->parts & IPTABLES_TRACE_PART_LEAVE))
		return;
	c->kind = IPTABLES_TRACE_LEAVE;
	memcpy(c->chain, t->enter.chain, sizeof(c->chain));
	c->handle = t->enter.handle;
	c->rule_number = 0;
	c->rule_type = 0;
	c->time_ns = left->time_ns;
	c->duration_ns = left->time_ns - t->enter.time_ns;
	c->missed = left->missed;
	c->ruleset = left->ruleset;
	c->replacements = left->replacements;
	c->cpu = left->cpu;
	c->verdict = left->verdict;
	c->net_ns = left->net_ns;
	c->mark = left->mark;
	c->ct_mark = left->ct_mark;
	c->length = left->length;
	c->ct_status = left->ct_status;
	c->ct_state = left->ct_state;
	c->header_len = left->header_len;
	c->flags = left->flags | (t->enter.flags & IPTABLES_TRACE_F_CHILD);
	if (t->parts & IPTABLES_TRACE_PART_HEADER)
		memcpy(c->header, t->left_header, sizeof(c->header));
	print_event(&r);
	printf("\n");
}

#endif
