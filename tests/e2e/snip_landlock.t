#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what docs/THREATS.md says of Landlock: an agent in `fenced`, the page's program, logs in and reads no
# key; but sockets with a path are open to it, and what answers there starts programs outside. Where setpriv is too old for
# the page's line, tests/e2e/landlocked.c, which takes the same options, is called by its name.
test_description='the page on Landlock'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
abi=$("$HS_BUILD/tests/e2e/landlocked" --abi)
[ "${abi:-0}" -gt 0 ] || hs_skip "this kernel has no Landlock"
hs_ns "$0" "$@"
hs_init "$@"

sock=$run/handseal/agent.sock
mine="TMUX_TMPDIR=$home/tmux"
installed() { # where the page's rules let them be run
	below_usr handseal handseald softkey landlocked && { setpriv --help | grep -q -e --landlock-access || cp /usr/games/landlocked /usr/games/setpriv; } &&
		block fenced THREATS.md >/usr/games/fenced && chmod 755 /usr/games/fenced
}
fenced() { me sh -c "cd web && exec handseal run --scope web --agent claude -- fenced sh -c \"\$1\"" sh "$1" >out 2>err; } # fenced COMMANDS
denied() { grep -c "Permission denied" err; }

test_expect_success 'a person with keys and a project, a daemon, a session, the program' '
	person && installed && my_daemon && opened && ssh-keygen -q -t ed25519 -N "" -f "$home/.ssh/id_ed25519" && mkdir "$home/web" "$home/tmux" && owned "$home"
'
test_expect_success 'it logs in, not outside of its scope, and writes in its project' '
	fenced "ssh deploy@web1.example.com id -un; echo done >file; ssh deploy@web1.example.com ls"; cat out err; grep -x deploy out && grep command-outside-scope err && grep done "$home/web/file"
'
test_expect_success 'it reads no key, no log, nothing of home but its project, and writes nothing elsewhere' '
	! fenced "cat $home/.ssh/id_ed25519; cat $log; ls $home; touch $home/x /tmp/hs.not.\$\$" && cat err && test $(denied) = 5 && test ! -e "$home/x" && test ! -s out
'
test_expect_success 'nor another process, but names and attributes it sees' '
	me_spawn outside sleep 100 && hs_wait_for "grep -qx sleep /proc/$(hs_pid outside)/comm" 5 && me cat /proc/$(hs_pid outside)/environ >out && ! fenced "cat /proc/$(hs_pid outside)/environ" && test $(denied) = 1 && fenced "stat -c %s $home/.ssh/id_ed25519" && test "$(cat out)" = $(stat -c %s "$home/.ssh/id_ed25519")
'
test_expect_success 'the main socket answers, and is the seat' 'fenced "HANDSEAL_SOCK=$sock handseal status" && cat out && grep "^seat" out'
test_expect_success 'what else answers on a socket with a path starts programs outside, with the keys of the person' '
	me tmux new-session -d -s mine && ! fenced "cat $home/.ssh/id_ed25519" && fenced "tmux new-window -d \"cat $home/.ssh/id_ed25519 >$home/stolen; handseal status >$home/status\"" && hs_wait_for "test -s $home/status" 10 &&
	cmp "$home/stolen" "$home/.ssh/id_ed25519" && grep "^open" "$home/status" && ! grep "^seat" "$home/status" && pkill -u $me tmux
'
test_expect_success 'a signal reaches outside, and so does an abstract socket' '
	hs_spawn abstract $as_me perl -MIO::Socket::UNIX -e "\$| = 1; my \$s = IO::Socket::UNIX->new(Local => qq(\\0hs-test-\$\$), Listen => 1) or die; print qq(ready\\n); while (my \$c = \$s->accept) { print \$c qq(hello\\n) }" && hs_wait_for "grep -q ready $HS_TMP/abstract.log" 10 &&
	ask="perl -MIO::Socket::UNIX -e \"my \\\$s = IO::Socket::UNIX->new(Peer => qq(\\\\0hs-test-$(hs_pid abstract))) or die qq(\\\$!\\n); print <\\\$s>\"" && fenced "$ask" && grep hello out && hs_alive outside && fenced "kill -TERM $(hs_pid outside)" && hs_wait outside 5
'
if [ "$abi" -ge 6 ]; then
	test_expect_success 'from ABI 6 on these two can be denied' '
		me_spawn outside sleep 100 && hs_wait_for "grep -qx sleep /proc/$(hs_pid outside)/comm" 5 && ! me landlocked --landlock-access scope sh -c "$ask" 2>err && cat err && grep "not permitted" err && ! me landlocked --landlock-access scope sh -c "kill -TERM $(hs_pid outside)" 2>err && grep "not permitted" err && hs_alive outside && hs_stop outside
	'
fi
test_expect_success 'the guard of both programs: not where home is' '
	! me handseal run --scope web --agent claude -- fenced true 2>err && grep "fenced: not in $home, where home is" err && block boxed >/usr/games/boxed && chmod 755 /usr/games/boxed && ! me sh -c "cd / && handseal run --scope web --agent claude -- boxed true" 2>err && grep "boxed: not in /, which holds $home/" err && ! me sh -c "cd $run && handseal run --scope web --agent claude -- boxed true" 2>err && grep "boxed: not in $run, which holds $sock" err && hs_stop abstract
'
say "Landlock ABI $abi"
hs_done
