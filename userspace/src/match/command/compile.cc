// SPDX-License-Identifier: GPL-2.0-only
#include "match/command/compile.h"

#include "match/code/bytecode.h"
#include "match/rules/saved.h"

namespace ipt {

Outcome compile_code(const CompileOptions &options, Console &console)
{
	const auto code = compile_expression(options.expression, options.family);
	if (!code)
		return console.fail(code.error());
	const std::string line = bytecode_text(*code);
	if (options.format == "c")
		console.out.write(c_text(*code));
	else if (options.format == "asm")
		console.out.write(disassembly(*code));
	else
		console.say(line);
	if (code->size() > kShortCode)
		console.warn(fmt::format(
			"{} instructions: revision 1 of the match takes {}; rules of revision 2 take {}, or "
			"the expression itself (--expression)",
			code->size(), kShortCode, kLongCode));
	else if (line.size() > kLongestWord)
		console.warn(fmt::format("{} characters: iptables takes it, iptables-restore takes words of {}",
					 line.size(), kLongestWord));
	return Outcome::done;
}

} // namespace ipt
