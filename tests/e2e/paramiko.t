#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: an SSH library in another language, Python's paramiko, logs in by a seat's socket as docs/AGENTS.md
# says, and is refused outside the scope: by the seat where it knows better, else by the server. No binds come from
# paramiko by itself.
test_description='paramiko on a seat'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
/usr/bin/python3 -c 'import paramiko' 2>/dev/null || hs_skip "python3-paramiko is not installed"
hs_ns "$0" "$@"
hs_init "$@"

# program [PERL]: the page's, at the test's address, changed by PERL; and bound.py, with the lines that bind
program() {
	block paramiko | sed "s/connect(\"web1.example.com\"/connect(\"127.0.0.1\", port=$HS_PORT/" >plain.py && grep -q "port=$HS_PORT" plain.py &&
		perl -0pi -e "${1-;}" plain.py && { sed -n "1,/^import paramiko/p" plain.py && block paramiko-bind && sed "1,/^import paramiko/d; s/look_for_keys=False/&, transport_factory=Bound/" plain.py; } >bound.py &&
		cp plain.py bound.py "$home/" && chmod 644 "$home"/*.py
}
on_seat() { me handseal run --scope web --agent claude -- /usr/bin/python3 "$@" >out 2>err; }
last() { last_event=$1 last_text=$2 && hs_wait_for 'grep "\"event\":\"$last_event\"" "$log" | tail -n 1 | grep -e "$last_text"' 5 || { tail -n 3 "$log" && false; }; } # last EVENT TEXT
policy() { { echo "$1" && block policy; } >"$home/.config/handseal/policy" && me handseal policy reload >reloaded 2>&1; }
names() { echo "HostName $1" >$HS_SERVER/verify.conf; } # the server calls itself so
# known NAME: what the person's known_hosts calls it, and what paramiko looks for
known() { for n in $1 "[127.0.0.1]:$HS_PORT"; do echo "$n $(cut -d' ' -f1,2 "$HS_TMP/ssh_host_ed25519_key.pub")"; done >"$home/.ssh/known_hosts"; }
accepted() { grep -c "Accepted publickey" "$HS_TMP/sshd.log"; }

test_expect_success 'a person, a daemon, a server' 'person && my_daemon && opened && known web1.example.com'
test_expect_success 'as the page says, it logs in and runs a command in scope' '
	program && on_seat plain.py && grep "load average" out && program "s/\"uptime\"/\"id -un\"/" && on_seat plain.py && test "$(cat out)" = deploy
'
test_expect_success 'rule4: the signature is on record, with the executable and the user, and no server, since there is no bind' '
	last sign "\"exe\":\"[^\"]*/python3[^\"]*\".*\"agent\":\"claude\".*\"user\":\"deploy\"}"
'
test_expect_success 'another command is refused by the server' '
	program "s/\"uptime\"/\"cat \/etc\/passwd\"/" && test_expect_code 126 on_seat plain.py && ! grep root out && grep "command-outside-scope" err
'
test_expect_success 'another user is refused by the seat' '
	n=$(accepted) && program "s/\"deploy\"/\"root\"/" && ! on_seat plain.py && grep "key cannot be used for signing" err && test $n = $(accepted) &&
	last refuse "\"code\":\"user-outside-scope\".*\"user\":\"root\"" && grep "1 refused" err
'
test_expect_success 'another server is refused by itself, for it has another name' '
	n=$(accepted) && names db1.example.com && program && ! on_seat plain.py && grep "AuthenticationException" err && test $n = $(accepted) && grep "host-outside-scope" "$HS_TMP/syslog" && last sign "\"user\":\"deploy\"}" && names web1.example.com
'
test_expect_success 'with the lines that bind, the seat knows the server, and refuses another' '
	program && on_seat bound.py && grep "load average" out && last sign "\"user\":\"deploy\",\"host\":\"web1.example.com\"}" &&
	known db1.example.com && ! on_seat bound.py && grep "key cannot be used for signing" err && last refuse "\"code\":\"host-key-unknown\"" && on_seat plain.py && known web1.example.com
'
test_expect_success 'HostBinding require: only with them' '
	policy "HostBinding require" && ! on_seat plain.py && last refuse "\"code\":\"not-bound\"" && on_seat bound.py && last sign "\"host\":\"web1.example.com\"}" && policy ""
'
test_expect_success 'where the seat has nothing left, the person'\''s own key is not used in its place' '
	ssh-keygen -q -t ed25519 -N "" -f "$home/.ssh/id_ed25519" && owned "$home/.ssh" && mkdir -m 700 "$HS_HOME_deploy/.ssh" &&
	cp "$home/.ssh/id_ed25519.pub" "$HS_HOME_deploy/.ssh/authorized_keys" && chown -R deploy: "$HS_HOME_deploy/.ssh" &&
	once() { me handseal run --scope web --uses 1 --agent claude -- sh -c "/usr/bin/python3 plain.py && /usr/bin/python3 plain.py" >out 2>err; } && ! once && test "$(grep -c "load average" out)" = 1 &&
	grep "No authentication methods available" err && program "s/look_for_keys=False/look_for_keys=True/" && once && test "$(grep -c "load average" out)" = 2
'
hs_done
