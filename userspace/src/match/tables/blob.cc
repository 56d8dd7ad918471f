// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <cstring>
#include <linux/filter.h>
#include <linux/netfilter/xt_bpf.h>

#include "match/tables/found.h"
#include "xt_ebpf.h"

namespace ipt {

namespace {

void take_code(const void *instructions, size_t count, FoundRule &rule)
{
	rule.code.resize(count);
	std::memcpy(rule.code.data(), instructions, count * sizeof(Instruction));
}

void read_v0(const xt_bpf_info &info, FoundRule &rule)
{
	rule.kind = BlobKind::bytecode;
	take_code(info.bpf_program, std::min<size_t>(info.bpf_program_num_elem, XT_BPF_MAX_NUM_INSTR), rule);
}

void read_v1(const xt_bpf_info_v1 &info, FoundRule &rule)
{
	switch (info.mode) {
	case XT_BPF_MODE_BYTECODE:
		rule.kind = BlobKind::bytecode;
		take_code(info.bpf_program, std::min<size_t>(info.bpf_program_num_elem, XT_BPF_MAX_NUM_INSTR), rule);
		break;
	case XT_BPF_MODE_PATH_PINNED:
		rule.kind = BlobKind::pinned;
		rule.text.assign(info.path, strnlen(info.path, sizeof(info.path)));
		break;
	case XT_BPF_MODE_FD_ELF:
		rule.kind = BlobKind::descriptor;
		break;
	default:
		break;
	}
}

BlobKind kind_of(uint16_t source)
{
	switch (source) {
	case XT_EBPF_BYTECODE:
		return BlobKind::bytecode;
	case XT_EBPF_PINNED:
		return BlobKind::pinned;
	case XT_EBPF_EXPRESSION:
		return BlobKind::expression;
	case XT_EBPF_OBJECT:
		return BlobKind::object;
	default:
		return BlobKind::unknown;
	}
}

void read_v2(const xt_ebpf_info &info, FoundRule &rule)
{
	rule.kind = kind_of(info.source);
	rule.inverted = info.flags & XT_EBPF_F_INVERT;
	rule.stored = info.flags & XT_EBPF_F_STORED;
	rule.handle = info.handle;
	const size_t code_size = info.num_insns * sizeof(Instruction);
	if (rule.stored || code_size + info.text_len > sizeof(info.data))
		return;
	take_code(info.data, info.num_insns, rule);
	rule.text.assign(reinterpret_cast<const char *>(info.data) + code_size, info.text_len);
}

// The kernel gives all but what is its own, at the end.
template <typename Info>
void read_as(const void *bytes, size_t size, size_t least, FoundRule &rule, void (*read)(const Info &, FoundRule &))
{
	Info info{};
	if (size < least)
		return;
	std::memcpy(&info, bytes, std::min(size, sizeof(info)));
	read(info, rule);
}

} // namespace

void read_blob(uint8_t revision, const void *bytes, size_t size, FoundRule &rule)
{
	rule.revision = revision;
	switch (revision) {
	case 0:
		read_as<xt_bpf_info>(bytes, size, offsetof(xt_bpf_info, filter), rule, read_v0);
		break;
	case 1:
		read_as<xt_bpf_info_v1>(bytes, size, offsetof(xt_bpf_info_v1, filter), rule, read_v1);
		break;
	case XT_EBPF_REVISION:
		read_as<xt_ebpf_info>(bytes, size, offsetof(xt_ebpf_info, rule), rule, read_v2);
		break;
	default:
		break;
	}
}

} // namespace ipt
