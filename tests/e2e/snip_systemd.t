#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the units that `make install` puts there are in order, and with them a real systemd, as a user's
# service manager in a control group of its own, starts handseald for the first who connects, as docs/AGENTS.md says. Where
# none can run, the service's own line is run on the socket of the other unit by systemd-socket-activate.
test_description='the page on systemd'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
systemd=/lib/systemd/systemd
{ [ -x $systemd ] && command -v make >/dev/null; } || hs_skip "systemd is not installed"
hs_ns "$0" "$@"
hs_init "$@"

units=/usr/local/lib/systemd/user
sock=$run/handseal/agent.sock
groups=/sys/fs/cgroup/handseal-test
make_() { make -s --no-print-directory -C "$HS_SRC" B="$HS_TMP/make" "$@" install-units; }
ctl() { me systemctl --user "$@"; }
daemon() { pgrep -u $me -x handseald; }
answers() { me handseal status >out 2>err && grep "$1" out || { cat out err && false; }; } # answers TEXT
seats() { ls -d "$sock".seat-* 2>/dev/null; }
# empty GROUP...: takes groups without processes away
empty() { find "$@" -depth -type d -exec rmdir {} + 2>/dev/null; }
# As logind would start it: in a control group that is the user's. What a run that was killed left behind goes first.
manager() {
	mkdir -p /run/systemd/system && mount -t cgroup2 none /sys/fs/cgroup && { empty $(find $groups.* -maxdepth 0 -mmin +10 2>/dev/null); group=$(mktemp -d $groups.XXXXXXXX); } &&
		mkdir "$group/m" && chown -R $me "$group" && printf '#!/bin/sh\necho $$ >%s/m/cgroup.procs && exec "$@"\n' "$group" >"$HS_TMP/in-group" && chmod 755 "$HS_TMP/in-group" &&
		env_ "hs_spawn manager $HS_TMP/in-group $as_me" $systemd --user &&
		hs_wait_for "ctl is-system-running 2>/dev/null | grep -q -E 'running|degraded' || ! hs_alive manager" 20 && hs_alive manager
}
test_expect_success 'a person, and the programs where the units say' '
	person && mount --bind "$HS_BIN" /usr/local/bin && mount -t tmpfs tmpfs /usr/local/lib && make_ PREFIX=/usr/local && ls $units && test "$(stat -c %a $units/handseald.socket)" = 644
'
test_expect_success 'they name the programs of another prefix' '
	make_ PREFIX=/opt/handseal DESTDIR="$HS_TMP/dest" && grep -x "ExecStart=/opt/handseal/bin/handseald -D" "$HS_TMP/dest/opt/handseal/lib/systemd/user/handseald.service" && ! grep -r /usr/local "$HS_TMP/dest"
'
test_expect_success 'systemd finds nothing wrong with them' '
	me systemd-analyze --user --man=no verify handseald.socket handseald.service >out 2>&1; cat out; ! grep handseald out && mkdir bad && cp $units/* bad/ && sed -i "s/^ExecStart=.*/ExecStart=\/nonesuch/" bad/handseald.service &&
	chmod 755 . bad && ! me systemd-analyze --user --man=no verify "$PWD/bad/handseald.service" 2>out && grep "handseald.service: Command /nonesuch" out
'
# ---- where a manager runs

if manager; then
	test_expect_success 'as the page says: the socket is there, and no daemon yet' '
		block systemd >block && me sh <block && ctl is-active handseald.socket && ctl is-enabled handseald.socket && test -S $sock && test "$(stat -c %a $sock)" = 600 && test "$(stat -c %U:%a $run/handseal)" = $me:700 &&
		! daemon && ctl show-environment | grep -x "HANDSEAL_SOCK=$sock"
	'
	test_expect_success 'who connects first starts it, and a person needs no settings' '
		answers "^closed" && ctl is-active handseald.service && test /proc/$(daemon)/exe -ef /usr/local/bin/handseald && test "$(daemon)" = "$(ctl show -P MainPID handseald.service)"
	'
	test_expect_success 'a key, a session, and an agent on a seat beside the socket' '
		enrolled && opened && me handseal run --scope web --agent claude -q -- sh -c "echo \$HANDSEAL_SOCK; ssh deploy@web1.example.com id -un" >out && grep "^$sock.seat-[A-Za-z0-9]*/agent.sock$" out && grep -x deploy out && ! seats
	'
	test_expect_success 'a shell with the lines of the page finds it, and starts none' '
		block shells >"$home/.bashrc" && owned "$home/.bashrc" && me bash -i -c "handseal status; echo \$HANDSEAL_SOCK" >out 2>err && grep "^open" out && grep -x "$sock" out && daemon >pids && test $(grep -c . pids) = 1
	'
	# A unit of the person's, which writes what it finds into ~/found. (systemd-run starts any program so, where there is a session bus.)
	found() { rm -f "$home/found" && "$@" systemctl --user start look.service && cat "$home/found"; }
	test_expect_success 'what the manager starts has it' '
		mkdir -p "$home/.config/systemd/user" && printf "%s\n" "[Service]" "Type=oneshot" "WorkingDirectory=%h" "ExecStart=sh -c \"exec >found; echo \$\$HANDSEAL_SOCK; handseal status; cat .ssh/config\"" >"$home/.config/systemd/user/look.service" &&
		owned "$home/.config" && ctl daemon-reload && found me && grep -x "$sock" "$home/found" && grep "^open" "$home/found"
	'
	test_expect_success 'what an agent has it start is not below the seat: docs/THREATS.md says so' '
		me handseal run --scope web --agent claude -q -- handseal status | grep "^seat" && found me handseal run --scope web --agent claude -q -- && grep "^open" "$home/found" && ! grep "^seat" "$home/found"
	'
	if [ "$(landlocked --abi)" -gt 0 ]; then
		test_expect_success 'nor is Landlock on it: docs/THREATS.md says so' '
			all=path-beneath:execute,read-file,read-dir && fence="landlocked --landlock-access fs --landlock-rule $all:/usr --landlock-rule $all:/run/handseal-test/covered --landlock-rule $all:/etc --landlock-rule $all:/proc" &&
			! me $fence cat "$home/.ssh/config" 2>err && grep "Permission denied" err && found me $fence && grep HostKeyAlias "$home/found"
		'
	fi
	test_expect_success 'reload reads the policy, and fails where it is not in order' '
		echo "Escalate deny" >>"$home/.config/handseal/policy" && ! ctl reload handseald.service && me handseal policy show | grep "^Escalate ask" && { echo "Escalate deny" && block policy; } >"$home/.config/handseal/policy" &&
		ctl reload handseald.service && me handseal policy show | grep "^Escalate deny" && answers "^open"
	'
	test_expect_success 'killed, with a seat: the next who connects starts another, which takes away what was left' '
		me_spawn seat handseal run --scope web --agent claude -- sleep 100 && hs_wait_for seats 10 && kill -KILL $(daemon) && hs_wait_for "! ctl is-active -q handseald.service" 10 && seats && answers "^closed" && ! seats && hs_stop seat TERM
	'
	test_expect_success 'stopped: the same' 'opened && ctl stop handseald.service && ! daemon && answers "^closed" && daemon'
	test_expect_success 'where it cannot start, who connects is not left waiting, and the page says how to go on' '
		ctl stop handseald.service && echo "Nonsense" >>"$home/.config/handseal/policy" && test_expect_code 1 me handseal status 2>err && grep "closed the connection" err && hs_wait_for "ctl is-failed -q handseald.socket" 10 && ! test -e $sock && test_expect_code 6 me handseal status &&
		block policy >"$home/.config/handseal/policy" && block systemd-again >block && me sh <block && answers "^closed"
	'
	test_expect_success 'the socket stopped: nobody listens, and nobody is told of it' '
		ctl stop handseald.socket handseald.service && ! test -e $sock && test_expect_code 6 me handseal status && ! ctl show-environment | grep HANDSEAL && ! daemon
	'
	test_expect_success 'the manager ends' 'hs_stop manager && empty "$group" && test ! -d "$group"'
else
	hs_stop manager && empty "${group:-/nonesuch}"
	say "no systemd --user runs here: $(tail -n 1 "$HS_TMP/manager.log" 2>/dev/null); the units' lines are run by systemd-socket-activate"
	test_expect_success 'the service'\''s line, on the socket of the other unit' '
		test "$(sed -n "s/^ListenStream=//p" $units/handseald.socket)" = "%t/handseal/agent.sock" && hs_as $me mkdir -m 700 $run/handseal &&
		me_spawn activate systemd-socket-activate -l $sock $(sed -n "s/^ExecStart=//p" $units/handseald.service) && hs_wait_for "test -S $sock" 10 && ! daemon && answers "^closed" && daemon &&
		enrolled && opened && me handseal run --scope web --agent claude -q -- ssh deploy@web1.example.com id -un >out && grep -x deploy out && ! seats && hs_stop activate
	'
fi
hs_done
