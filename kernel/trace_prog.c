// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF programs of sessions: which are taken, and how they run.
 *
 * perf checks what it attaches to a kprobe. Here nothing is attached, so the checks are ours: a program that sleeps
 * cannot run in a probe, one that overrides the probed function's return value would have nobody to do it, and one
 * that was made for another way to attach finds another run context than it expects.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/err.h>
#include <linux/filter.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/ratelimit.h>

#include "trace.h"
#include "trace_args.h"

/* One past any program type that a kernel knows: only an error message walks up to it. */
#define PROG_TYPE_BOUND		64

/* How many probes on this CPU are running programs, of which the first alone may. */
static DEFINE_PER_CPU(int, probes_running_progs);

/* A program of another type behind fd, or an error. */
static struct bpf_prog *get_of_any_type(int fd)
{
	unsigned int type;

	for (type = 1; type < PROG_TYPE_BOUND; type++) {
		struct bpf_prog *prog = bpf_prog_get_type_dev(fd, type, false);

		/* Any other error is the same for every type. */
		if (PTR_ERR(prog) != -EINVAL)
			return prog;
	}
	return ERR_PTR(-EINVAL);
}

static int refuse_type(int fd, const char *what)
{
	struct bpf_prog *prog = get_of_any_type(fd);

	if (IS_ERR(prog)) {
		pr_info_ratelimited("%s program refused: file descriptor %d is not a BPF program (%pe)\n",
				    what, fd, prog);
		return PTR_ERR(prog);
	}
	pr_info_ratelimited("%s program \"%s\" refused: it is of BPF program type %u, needed is %u (writable raw tracepoint) or %u (kprobe)\n",
			    what, prog->aux->name, prog->type,
			    BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, BPF_PROG_TYPE_KPROBE);
	bpf_prog_put(prog);
	return -EPROTOTYPE;
}

/* Whether it reads the context like its own memory: what it accesses the verifier has noted. Otherwise it has to copy it. */
static bool is_direct(const struct bpf_prog *prog)
{
	return prog->type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE;
}

static const char *why_not(const struct bpf_prog *prog, size_t ctx_size)
{
	if (compat_prog_sleeps(prog))
		return "it may sleep";
	if (prog->kprobe_override)
		return "it uses bpf_override_return()";
	if (prog->expected_attach_type)
		return "its expected_attach_type is not 0, as of kprobe.multi";
	if (is_direct(prog) && prog->aux->max_tp_access > ctx_size)
		return "it expects a longer context";
	if (is_direct(prog) && prog->aux->max_ctx_offset > ITRACE_ARGS * sizeof(u64))
		return "it expects more arguments";
	return NULL;
}

/* The program behind fd with a reference of its own, for a context of that size. The name of its task is for the log. */
struct bpf_prog *itrace_prog_get(int fd, const char *what, size_t ctx_size)
{
	struct bpf_prog *prog;
	const char *reason;

	prog = bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, false);
	if (IS_ERR(prog))
		prog = bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_KPROBE, false);
	if (IS_ERR(prog))
		return ERR_PTR(refuse_type(fd, what));

	reason = why_not(prog, ctx_size);
	if (reason) {
		pr_info_ratelimited("%s program \"%s\" refused: %s\n", what, prog->aux->name,
				    reason);
		bpf_prog_put(prog);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return prog;
}

struct bpf_prog *itrace_filter_create(struct sock_fprog_kern *code)
{
	struct bpf_prog *filter;
	int err = bpf_prog_create(&filter, code);

	if (err) {
		pr_info_ratelimited("filter of %u instructions refused: not a valid classic BPF program (%pe)\n",
				    code->len, ERR_PTR(err));
		return ERR_PTR(err);
	}
	return filter;
}

/* What is one session's alone. Also says that so many events have happened, whatever comes of it. Returns their flags. */
static __always_inline u16 number_events(struct itrace_session *session, struct itrace_walk *walk,
					 struct iptables_trace_ctx *ctx, unsigned int count,
					 u16 flags)
{
	const struct itrace_packet *parent = walk->parent;
	struct itrace_packet *packet = walk->packet;
	unsigned int slot = session->slot;

	this_cpu_add(session->counters->events, count);
	itrace_limit_count(&session->select, count);
	ctx->packet = packet->id[slot];
	ctx->seq = packet->seq[slot] + 1;
	packet->seq[slot] += count;
	if (packet->child_of & BIT(slot))
		flags |= IPTABLES_TRACE_F_CHILD;

	if (parent && itrace_session_selected(session, parent)) {
		ctx->parent_traversal = walk->parent_id;
		ctx->parent_packet = parent->id[slot];
	} else {
		ctx->parent_traversal = 0;
		ctx->parent_packet = 0;
	}
	return flags;
}

static __always_inline void number_event(struct itrace_session *session, struct itrace_walk *walk,
					 u8 kind, u16 flags)
{
	struct iptables_trace_ctx *ctx = walk->ctx;

	flags = number_events(session, walk, ctx, 1, flags);
	ctx->missed = walk->missed - session->base_missed_sum;
	ctx->replacements = walk->replacements - session->base_replacements;
	if (kind == IPTABLES_TRACE_ENTER) {
		if (ctx->seq == 1)
			flags |= IPTABLES_TRACE_F_FIRST;
		if (walk->observers & BIT(session->slot))
			flags |= IPTABLES_TRACE_F_OBSERVED;
	}
	ctx->flags = flags;
}

static __always_inline void number_traversal(struct itrace_session *session,
					     struct itrace_walk *walk, unsigned int count)
{
	struct iptables_trace_traversal *whole = &walk->whole;
	struct iptables_trace_ctx *enter = &whole->enter;
	u16 flags = number_events(session, walk, enter, count, walk->entry.flags);

	if (walk->parts & IPTABLES_TRACE_PART_ENTER && enter->seq == 1)
		flags |= IPTABLES_TRACE_F_FIRST;
	enter->flags = flags;
	enter->missed = walk->entry.missed - session->base_missed_sum;
	enter->replacements = walk->entry.replacements - session->base_replacements;
	whole->left.missed = walk->missed - session->base_missed_sum;
	whole->left.replacements = walk->replacements - session->base_replacements;
	whole->parts = walk->parts;
	whole->rule_count = walk->noted;
}

/* A program of this type has its arguments in the probed function's registers, of which it gets a copy. */
static noinline u32 run_with_registers(const struct bpf_prog *prog, const u64 *args,
				       const struct pt_regs *regs)
{
	struct pt_regs copy = *regs;
	unsigned int i;

	for (i = 0; i < ITRACE_ARGS; i++)
		itrace_set_arg(&copy, i, args[i]);
	return bpf_prog_run(prog, &copy);
}

static __always_inline void run(const struct bpf_prog *prog, struct itrace_session *session,
				const u64 *args, const struct pt_regs *regs, unsigned int count)
{
	u32 failed = likely(is_direct(prog)) ? bpf_prog_run(prog, args) :
					       run_with_registers(prog, args, regs);

	if (unlikely(failed))
		this_cpu_add(session->counters->unwritten, count);
}

/* Each session's program of this kind; count: of how many events it hears at once. */
static __always_inline void run_all(const struct itrace_running *running, struct itrace_walk *walk,
				    const struct pt_regs *regs, const u8 kind, unsigned int count)
{
	bool alone = this_cpu_inc_return(probes_running_progs) == 1;
	unsigned int hearing = walk->at.table ? running->legacy : running->nft;
	const u32 matches = walk->ctx->match_count;
	const u16 flags = walk->ctx->flags;
	struct bpf_run_ctx *outer;
	unsigned int i;

	outer = bpf_set_run_ctx(&walk->run_ctx.run_ctx);
	for (i = 0; i < running->count; i++) {
		struct itrace_session *session = running->session[i];
		const struct bpf_prog *prog = session->prog[kind];

		if (!prog || !(hearing & BIT(i)) ||
		    !itrace_session_selected(session, walk->packet))
			continue;
		if (kind == IPTABLES_TRACE_MATCHES) {
			if (!(walk->observers & BIT(session->slot)))
				continue;
			this_cpu_add(session->counters->matches, matches);
		}
		if (kind == IPTABLES_TRACE_TRAVERSAL)
			number_traversal(session, walk, count);
		else
			number_event(session, walk, kind, flags);
		if (likely(alone))
			run(prog, session, walk->args, regs, count);
		else
			this_cpu_add(session->counters->not_run, count);
	}
	bpf_reset_run_ctx(outer);
	this_cpu_dec(probes_running_progs);
}

static __always_inline void run_single(const struct itrace_running *running,
				       struct itrace_walk *walk, const struct pt_regs *regs,
				       const u8 kind)
{
	walk->args[ITRACE_CTX_ARG] = (unsigned long)walk->ctx;
	if (unlikely(walk->ctx->flags & IPTABLES_TRACE_F_STOLEN))
		walk->args[ITRACE_SKB_ARG] = 0;
	run_all(running, walk, regs, kind, 1);
}

/*
 * Run the programs of the sessions that have selected the walk's packet, for the event of this kind in its context. In a
 * probe handler, under rcu_read_lock().
 *
 * Nothing that matters to the module is read of the context once a program has run, as one may have written into it.
 *
 * Programs of type KPROBE see a copy of the probed function's registers in which the first arguments are what the contract
 * says; helpers that look at the stack or the probe find what they look for. A probe that interrupts this one on its CPU
 * does not get here as long as the kernel counts it as missed instead; should it, its programs do not run.
 */
void itrace_progs_run_enter(const struct itrace_running *running, struct itrace_walk *walk,
			    const struct pt_regs *regs)
{
	run_single(running, walk, regs, IPTABLES_TRACE_ENTER);
}

void itrace_progs_run_rule(const struct itrace_running *running, struct itrace_walk *walk,
			   const struct pt_regs *regs)
{
	run_single(running, walk, regs, IPTABLES_TRACE_RULE);
}

void itrace_progs_run_leave(const struct itrace_running *running, struct itrace_walk *walk,
			    const struct pt_regs *regs)
{
	run_single(running, walk, regs, IPTABLES_TRACE_LEAVE);
}

/* Also in the middle of a walk. */
void itrace_progs_run_matches(const struct itrace_running *running, struct itrace_walk *walk,
			      const struct pt_regs *regs)
{
	run_single(running, walk, regs, IPTABLES_TRACE_MATCHES);
}

/*
 * What the traversal has come to since it was told last. Only at its end the packet is lent to programs: in the middle it may
 * be in anybody's hands.
 */
void itrace_progs_run_traversal(const struct itrace_running *running, struct itrace_walk *walk,
				const struct pt_regs *regs)
{
	bool over = walk->parts & IPTABLES_TRACE_PART_LEAVE;
	unsigned int count = walk->noted + over + !!(walk->parts & IPTABLES_TRACE_PART_ENTER);
	bool lent = over && !(walk->whole.left.flags & IPTABLES_TRACE_F_STOLEN);

	if (!count)
		return;
	walk->args[ITRACE_CTX_ARG] = (unsigned long)&walk->whole;
	walk->args[ITRACE_SKB_ARG] = lent ? (unsigned long)walk->at.skb : 0;
	walk->whole.enter.kind = IPTABLES_TRACE_TRAVERSAL;
	walk->whole.enter.size = sizeof(walk->whole);
	run_all(running, walk, regs, IPTABLES_TRACE_TRAVERSAL, count);
	walk->args[ITRACE_SKB_ARG] = (unsigned long)walk->at.skb;
	walk->parts = 0;
	walk->noted = 0;
}
