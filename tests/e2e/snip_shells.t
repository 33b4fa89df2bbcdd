#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what docs/AGENTS.md has for ~/.bashrc and ~/.zshrc starts one daemon for all shells, finds it from each,
# puts the agent on a seat, and leaves a shell below a seat on that seat. Real bash, real zsh.
test_description='the page on bash and zsh'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
for p in bash zsh; do command -v $p >/dev/null || hs_skip "$p is not installed"; done
hs_ns "$0" "$@"
hs_init "$@"

daemons() { pgrep -c -u $me -x handseald; }
gone() { me sh -c "HANDSEAL_PID=$(pgrep -u $me -x handseald) handseald -k" && hs_wait_for '! daemons >/dev/null' 10; }
# in SHELL LINE: LINE typed into an interactive one
in_() { me $1 -i -c "$2" >out 2>err </dev/null || { cat out err && false; }; }
quiet() { ! grep -v -e "no job control" -e "cannot set terminal process group" err; } # of handseal nothing was said

test_expect_success 'a person with both' '
	person && block shells >"$home/.bashrc" && cp "$home/.bashrc" "$home/.zshrc" && owned "$home"/.bashrc "$home"/.zshrc &&
	agent claude "echo agent \$*" "ssh deploy@web1.example.com id -un"
'
for sh in bash zsh; do
	test_expect_success "$sh: the first starts a daemon, and says nothing of it" '
		! daemons && in_ $sh "echo \$HANDSEAL_SOCK \$HANDSEAL_PID; handseal status" && quiet && test $(daemons) = 1 &&
		grep -x "$run/handseal/agent.sock $(pgrep -u $me -x handseald)" out && grep "^closed" out && test "$(stat -c %a $run/handseal)" = 700
	'
	test_expect_success "$sh: the next finds it" '
		in_ $sh "echo \$HANDSEAL_SOCK \${HANDSEAL_PID-none}; handseal status" && quiet && test $(daemons) = 1 && grep -x "$run/handseal/agent.sock none" out && grep "^closed" out
	'
	test_expect_success "$sh: the agent by its name is on a seat, with its arguments and its status" '
		{ test -d "$home/.config/handseal/roots" || enrolled; } && opened && in_ $sh "claude -p \"a b\"" && grep -x "agent -p a b" out && grep -x deploy out && grep "seat .* for claude until" err && grep "claude ended (0), seat closed. 1 login" err &&
		agent claude "exit 9" && test_expect_code 9 me $sh -i -c "claude" </dev/null && agent claude "echo agent \$*" "ssh deploy@web1.example.com id -un"
	'
	test_expect_success "$sh: a shell below a seat stays on it, and has no seat of its own below that by the name of the agent" '
		in_ $sh "handseal run --scope web --agent claude -q -- $sh -i -c \"handseal status; echo \\\$HANDSEAL_SOCK; type claude\"" && grep "^seat " out && grep "^$run/handseal/agent.sock.seat-.*/agent.sock$" out && grep "claude is $bin/claude" out && test $(daemons) = 1
	'
	test_expect_success "$sh: six at once start one, and each has it" '
		gone && rm -f many.* && jobs= && for i in 1 2 3 4 5 6; do me $sh -i -c "timeout 50 sh -c '\''until handseal status; do sleep 0.1; done'\''" >many.$i 2>many.err.$i </dev/null & jobs="$jobs $!"; done && for i in $jobs; do wait $i || return 1; done && hs_wait_for "test \$(daemons) = 1" 5 &&
		for i in 1 2 3 4 5 6; do grep "^closed" many.$i || { cat many.err.$i && return 1; }; done
	'
	test_expect_success "$sh: without XDG_RUNTIME_DIR too" '
		gone && in_ "env -u XDG_RUNTIME_DIR $sh" "handseal status; echo \$HANDSEAL_SOCK" && quiet && grep -x "$home/.cache/handseal/agent.sock" out && test $(daemons) = 1 && gone
	'
done
hs_done
