#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: an agent in bubblewrap, by the program that docs/AGENTS.md has, sees its seat and can do there all that
# a seat is for, and sees nothing else of the person's: what docs/THREATS.md says a mount namespace gives, and what it does
# not. Real bwrap.
test_description='the page on bubblewrap'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
command -v bwrap >/dev/null || hs_skip "bubblewrap is not installed"
hs_ns "$0" "$@"
hs_init "$@"
setpriv --reuid=other --regid=other --clear-groups bwrap --ro-bind / / --unshare-all --proc /proc true 2>why || hs_skip "bwrap makes no namespaces here: $(head -n 1 why)"

sock=$run/handseal/agent.sock
claude() { { echo "#!/bin/sh" && printf '%s\n' "$@"; } >/usr/games/claude && chmod 755 /usr/games/claude; }
# boxed LINE...: an agent that does that, by the page's block, in its project
boxed() { claude "$@" && block bwrap >block && cp block "$home/web/block" && me sh -c "cd web && sh block" >out 2>err || { cat out err && false; }; }
last() { last_event=$1 last_text=$2 && hs_wait_for 'grep "\"event\":\"$last_event\"" "$log" | tail -n 1 | grep -e "$last_text"' 5 || { tail -n 3 "$log" && false; }; } # last EVENT TEXT

test_expect_success 'a person with keys and a project, a daemon, a session, the program' '
	person && below_usr handseal handseald softkey eventctl && my_daemon && opened && ssh-keygen -q -t ed25519 -N "" -f "$home/.ssh/id_ed25519" && mkdir "$home/web" && echo mine >"$home/web/file" && block boxed >/usr/games/boxed && chmod 755 /usr/games/boxed && owned "$home"
'
test_expect_success 'it logs in, and not outside of its scope, and changes its project' '
	boxed "ssh deploy@web1.example.com id -un" "ssh deploy@web1.example.com ls && exit 1" "ssh root@web1.example.com id -un && exit 1" "echo done >>file" && grep -x deploy out && grep command-outside-scope err && grep "Permission denied" err && grep done "$home/web/file" && grep "2 logins in" err
'
test_expect_success 'who signed is known, though it is in namespaces of its own' '
	last sign "\"pid\":[1-9][0-9]*,\"uid\":4002,\"origin\":\"local\",\"exe\":\"/usr/bin/ssh\",\"start\":[1-9].*\"agent\":\"claude\".*\"host\":\"web1.example.com\""
'
test_expect_success 'nothing else of the person is there' '
	me_spawn other_seat handseal run --scope web --agent claude -- sleep 100 && hs_wait_for "test \$(ls -d $sock.seat-* | wc -l) = 1" 10 &&
	boxed "find $home $run /tmp | sort" "echo -- && cat $home/.ssh/id_ed25519 $log $home/.config/handseal/policy" "ls /proc | grep -c \"^[0-9]\"" "ls /run" "HANDSEAL_SOCK=$sock handseal status; echo status \$?" "kill $(hs_pid other_seat) 2>&1 || echo cannot" && sed "/^--/,\$d" out >seen && grep "^$sock.seat-.*/agent.sock$" seen && test "$(grep -c "/agent.sock$" seen)" = 1 && ! grep -v -E "^($home(/.ssh(/known_hosts|/config)?|/web(/.*)?)?|$run(/handseal(/agent.sock.seat-[^/]*(/agent.sock)?)?|/handseal-run[.].*)?|/tmp)$" seen && test "$(grep -c "^cat: .*: No such file" err)" = 3 &&
	grep -x "status 6" out && grep -x cannot out && hs_alive other_seat && hs_stop other_seat
'
test_expect_success 'nothing outside can be had to start a program' '
	mkdir "$home/tmux" "$run/systemd" && : >"$run/bus" && owned "$home/tmux" "$run" && mine="TMUX_TMPDIR=$home/tmux" && me tmux new-session -d -s mine && test -S "$home/tmux/tmux-4002/default" && boxed "tmux -S $home/tmux/tmux-4002/default new-window -d \"touch $home/out\" 2>&1" "systemd-run --user true 2>&1" "ls $run/bus $run/systemd 2>&1 || true" && grep "error connecting to .*No such file" out && grep "Failed to connect to bus: No such file" out && test ! -e "$home/out" && pkill -u $me tmux && mine=
'
test_expect_success 'the terminal is not its own, where without the box it is' '
	claude "if true </dev/tty; then echo has; else echo none; fi 2>/dev/null" && block bwrap >"$home/web/block" && me script -q -c "cd web && sh block" /dev/null >out </dev/null && grep "^none" out && me script -q -c "cd web && claude" /dev/null >out </dev/null && grep "^has" out
'
test_expect_success 'what is left to it: abstract sockets, and the network' '
	hs_spawn abstract $as_me perl -MIO::Socket::UNIX -e "\$| = 1; my \$s = IO::Socket::UNIX->new(Local => qq(\\0hs-test-\$\$), Listen => 1) or die; print qq(ready\\n); while (my \$c = \$s->accept) { print \$c qq(hello\\n) }" && hs_wait_for "grep -q ready $HS_TMP/abstract.log" 10 &&
	boxed "perl -MIO::Socket::UNIX -e \"print IO::Socket::UNIX->new(Peer => qq(\\\\0hs-test-$(hs_pid abstract)))->getline\"" "perl -MIO::Socket::INET -e \"print IO::Socket::INET->new(q(127.0.0.1:$HS_PORT))->getline\"" && cat out && grep -x hello out && grep "^SSH-2.0" out && hs_stop abstract
'
test_expect_success 'no capability, no way to get one, no other user namespace to look at' '
	boxed "grep -E \"^(CapEff|CapBnd|NoNewPrivs)\" /proc/self/status" && grep -x "CapEff:	0000000000000000" out && grep -x "NoNewPrivs:	1" out
'
test_expect_success 'more: asked for inside, touched outside' '
	block policy | perl -0pe "s/(Agent claude\n    Scope) .*/\$1 */" >"$home/.config/handseal/policy" && me handseal policy reload && me_spawn watcher env HANDSEAL_SOCK=$sock eventctl follow 1 && hs_wait_for "grep -qs ^last $HS_TMP/watcher.log" 10 &&
	printf "max-ttl 60\nmax-uses 1\n\naddr *\ncmd ls ...\nhost web1.example.com\nuser deploy\n" >"$home/web/more" && claude "ssh deploy@web1.example.com ls; handseal request --scope-file more --reason look && ssh deploy@web1.example.com ls /etc/passwd" &&
	block bwrap >"$home/web/block" && me_spawn more sh -c "cd web && sh block" && hs_softkey blue wait 10 && hs_softkey blue touch && hs_wait more 20 && cat "$HS_TMP/more.log" && test $HS_STATUS = 0 && grep -x /etc/passwd "$HS_TMP/more.log" && grep "2 logins, 1 escalation" "$HS_TMP/more.log" && hs_stop watcher
'
test_expect_success 'less: a seat below, whose socket is inside the box' '
	block bwrap >block && claude "handseal run --agent below -q --user deploy --host web1.example.com --cmd uptime --ttl 5m -- sh -c \"echo \\\$HANDSEAL_SOCK; handseal status; ssh deploy@web1.example.com uptime; ssh deploy@web1.example.com id -un\"" && cp block "$home/web/block" && ! me sh -c "cd web && sh block" >out 2>err && cat out err && grep "^$sock.seat-[^/]*/[^/]*/agent.sock$" out && grep "load average" out && ! grep -x deploy out && grep command-outside-scope err
'
test_expect_success 'who is in a PID namespace that the daemon does not see at all signs on a seat too, and is recorded as nobody known' '
	hs_stop handseald && env_ "hs_spawn handseald unshare --pid --fork --mount-proc --kill-child $as_me" handseald -D && hs_wait_for "grep -q \"serving on\" $HS_TMP/handseald.log" 10 && inside=$(pgrep -P $(hs_pid handseald)) &&
	test_expect_code 3 me handseal open 2>err && grep "peer-refused" err && hs_softkey blue touch-next && env_ "nsenter --target $inside --pid --mount $as_me" handseal open && boxed "ssh deploy@web1.example.com id -un" && grep -x deploy out &&
	last sign "\"pid\":0,\"uid\":4002,\"origin\":\"opaque\",\"agent\":\"claude\".*\"host\":\"web1.example.com\"" && kill $inside && hs_wait handseald 10
'
hs_done
