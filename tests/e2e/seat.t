#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a seat's socket gives ssh what the seat may and nothing else; it costs what it must, and is gone
# with whoever asked for it, with its session and with the daemon.
test_description='seats'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"
. "$HS_SRC/tests/lib/seats.sh"

seats_begin
test_expect_success 'under an open session it is made at once; ssh below it logs in' '
	opened && scope s "user deploy" "cmd uptime" && seat a s claude && seated a && grep "^touched 0" $HS_TMP/a.log &&
	test "$(stat -c %a "$seat")" = 600 && test "$(stat -c %a "$(dirname "$seat")")" = 700 &&
	on ssh-add -L >keys && test $(grep -c . keys) = 1 && grep "^ssh-ed25519-cert-v01@openssh.com .* handseal seat $id for claude" keys &&
	on ssh-add -l >l && grep "ED25519-CERT" l && login uptime && ! login id -un && seatctl list >l && grep "^$id parent  agent claude used 2 left -1 " l
'
test_expect_success 'rule4: each signature is on record, with user and host' '
	grep "\"event\":\"seat\".*\"agent\":\"claude\"" "$log" && test $(grep -c "\"event\":\"sign\".*\"user\":\"deploy\",\"host\":\"web1.example.com\"" "$log") = 2
'
# believes USER: that account takes any certificate of this session, whatever it says
believes() {
	ca=$("$HS_BIN/handseal-verify" --config $HS_SERVER keys deploy $(on ssh-add -L | tail -n 1 | cut -d" " -f1,2) | grep -o "ssh-ed25519 [A-Za-z0-9+/=]*$") && test -n "$ca" &&
		mkdir -p "$HS_ROOT/home/$1/.ssh" && echo "cert-authority,principals=\":handseal\" $ca" >"$HS_ROOT/home/$1/.ssh/authorized_keys" && chown -R $1 "$HS_ROOT/home/$1/.ssh"
}
test_expect_success 'another user is refused by the seat itself, whatever the server would say' '
	believes other && at=other@127.0.0.1 && ! login uptime && at=deploy@127.0.0.1 && hs_wait_for "grep -q \"Accepted key.*other\|Postponed publickey for other\|for other\" $HS_TMP/sshd.log" 5 &&
	! grep "Accepted publickey for other" "$HS_TMP/sshd.log" && noted "\"event\":\"refuse\".*user-outside-scope.*\"user\":\"other\"" &&
	why "" "" && grep "^code user-outside-scope" out && grep "^user other" out && grep "^host web1.example.com" out && grep "^fingerprint SHA256:" out
'
test_expect_success 'nothing is added, removed, locked; nothing is asked; what is the main socket'\''s is not there' '
	asks=$(grep -c "\"event\":\"ask\"" "$log") && ssh-keygen -q -t ed25519 -N "" -f mine && ! on ssh-add -q mine && ! on ssh-add -D && ! on ssh-add -d mine.pub &&
	! on handseal open --user a --host b --cmd c && ! on handseal policy show && ! on handseal close && ! on handseal approve 4F7 &&
	test $asks = $(grep -c "\"event\":\"ask\"" "$log") && on ssh-add -L | grep $id
'
test_expect_success 'it ends, with a count; its folder is gone, and its key with it' '
	dir=$(dirname "$seat") && ended a && grep "^logins 2" $HS_TMP/a.log && grep "^refused 1" $HS_TMP/a.log && test ! -e "$dir" &&
	noted "\"event\":\"seat-end\".*its command ended.*\"count\":2" && ! on ssh-add -L
'
test_expect_success 'a message is signed in a namespace of the scope alone, never in one of ours' '
	scope g "user deploy" "cmd uptime" "ns git" && seat a g claude && seated a && on ssh-add -L >key.pub && echo text >text &&
	on ssh-keygen -Y sign -n git -f key.pub text && ssh-keygen -Y check-novalidate -n git -s text.sig <text && rm text.sig &&
	! on ssh-keygen -Y sign -n file -f key.pub text && ! on ssh-keygen -Y sign -n request@handseal.alt -f key.pub text &&
	why "" "" && grep "^ns request@handseal.alt" out && ended a && grep "^signatures 1" $HS_TMP/a.log
'
test_expect_success 'a host whose key has no name in scope is offered nothing, and why says its key' '
	known db1.example.com && scope s "user deploy" "cmd uptime" && seat a s claude && seated a && ! login uptime && why "" "" && grep "^code host-key-unknown" out && noted "\"event\":\"refuse\".*\"code\":\"host-key-unknown\"" &&
	grep "^fingerprint $(ssh-keygen -lf "$HS_TMP/ssh_host_ed25519_key.pub" | cut -d" " -f2)" out && why deploy web1.example.com && grep "^code host-key-unknown" out && known web1.example.com && ! login uptime && ended a && grep "^logins 0" $HS_TMP/a.log
'
test_expect_success 'hashed names and authorities of hosts are known too' '
	known web1.example.com && ssh-keygen -q -H -f "$HS_TMP/known" && rm -f "$HS_TMP/known.old" && seat a s claude && seated a && login uptime && ended a &&
	known "[web1.example.com]:2222" && ssh-keygen -q -H -f "$HS_TMP/known" && rm -f "$HS_TMP/known.old" && ! grep web1 "$HS_TMP/known" && seat a s claude && seated a && login uptime && ended a &&
	known "[web1.example.com]:2223" && ssh-keygen -q -H -f "$HS_TMP/known" && rm -f "$HS_TMP/known.old" && seat a s claude && seated a && ! login uptime && ended a &&
	ssh-keygen -q -t ed25519 -N "" -f hostca && ssh-keygen -q -s hostca -h -I web1 -n web1.example.com "$HS_TMP/ssh_host_ed25519_key.pub" &&
	echo "@cert-authority *.example.com $(cat hostca.pub)" >"$HS_TMP/known" && seat a s claude && seated a && ! login uptime &&
	hs_stop sshd && hs_sshd_start "HostCertificate $HS_TMP/ssh_host_ed25519_key-cert.pub" && echo "@cert-authority * $(cat hostca.pub)" >>"$HS_TMP/known_hosts" &&
	login -o HostKeyAlias=web1.example.com uptime && ended a && hs_stop sshd && hs_sshd_start && known web1.example.com
'
test_expect_success 'no bind: as HostBinding says' '
	seat a s claude && seated a && on libssh_client $HS_PORT deploy agent - "$HS_TMP/known_hosts" uptime && ended a &&
	grep "\"event\":\"sign\".*\"user\":\"deploy\"}" "$log" && policy "HostBinding require" "KnownHosts $HS_TMP/known" "$base" && seat a s claude && seated a &&
	! on libssh_client $HS_PORT deploy agent - "$HS_TMP/known_hosts" uptime && why "" "" && grep "^code not-bound" out && login uptime && ended a && policy "KnownHosts $HS_TMP/known" "$base"
'
test_expect_success 'uses are signatures, and what was not used comes back' '
	closed && opened --uses 5 && uses=3 scope u "user deploy" "cmd uptime" && seat a u claude && seated a && seatctl list | grep "^$id .* left 3 " &&
	login uptime && login uptime && uses=4 scope v "user deploy" "cmd uptime" && test_expect_code 3 seatctl make 0 v claude </dev/null >out && grep "^refused reason-missing" out &&
	login uptime && ! login uptime && ! on ssh-add -L | grep ssh- && ended a && uses=2 scope v "user deploy" "cmd uptime" && seat a v claude && seated a && ended a && seat a v claude && seated a && ended a
'
# told CODE: a login is refused, and what the agent and the log are told is that
told() { ! login uptime && why deploy web1.example.com && grep "^code $1$" out && noted "\"event\":\"refuse\".*\"code\":\"$1\""; }
now() { policy "KnownHosts $HS_TMP/known" "$base" "$@"; }
test_expect_success 'rule9: what is spent, or what the policy of now does not permit, is not called another host' '
	up=$(printf "%s\n" "MaxTTL 15m" "MaxUses *" "User deploy" "Host web1.example.com" "Addr *" "Cmd uptime") &&
	closed && opened && uses=1 scope o "user deploy" "cmd uptime" && scope s "user deploy" "cmd uptime" &&
	seat a o claude && seated a && login uptime && told uses-spent && ended a &&
	seat a s claude && seated a && now "Scope up" "Touch always" "$up" && told touch-each-time &&
	now "Scope up" "Verify pin" "$up" && told pin-required && policy "Deny user deploy" "KnownHosts $HS_TMP/known" "$base" && told denied-by-policy &&
	now && login uptime && ended a
'
test_expect_success 'beyond the ceiling it costs a touch, which names the seat' '
	closed && opened && scope d "user deploy" "cmd id -un" && sed -i s/web1/db1/ d && seat b d claude "to look" && hs_wait_for "grep -q ^code $HS_TMP/b.log" 10 &&
	hs_softkey blue wait 10 && grep "NEW, on a seat of its own" "$log" &&
	seat c s claude && seated c && ended c && hs_softkey blue touch && seated b && grep "^touched 1" $HS_TMP/b.log && ended b
'
test_expect_success 'with no session one touch opens one for the seat alone' '
	closed && seat b s claude && hs_softkey blue wait 10 && hs_softkey blue touch && seated b && login uptime && handseal status | grep "^open" &&
	test_expect_code 7 timeout 20 handseal request --user deploy --host web1.example.com --cmd uptime -o no --wait 1s </dev/null && ended b && closed
'
test_expect_success 'more on a seat is the seat'\''s alone, until its end' '
	opened && seat a s claude && seated a && aid=$id && aseat=$seat && seat b s codex && seated b && bseat=$seat && seat=$aseat && ! login id -un &&
	scope m "user deploy" "cmd id -un" && scope more "user other" "cmd id -un" &&
	{ SSH_AUTH_SOCK=$aseat HANDSEAL_SOCK=$aseat hs_spawn r seatctl request more "to see"; } && hs_softkey blue wait 10 && grep "NEW, on its seat alone" "$log" && grep "Asked by seat $aid" "$log" && hs_softkey blue touch &&
	hs_wait r 10 && test $HS_STATUS = 0 && test $(on ssh-add -L | grep -c "^ssh-") = 2 && SSH_AUTH_SOCK=$bseat ssh-add -L >l && test $(grep -c "^ssh-" l) = 1 &&
	seatctl list | grep "^$aid .* touched 1 more 1" && at=other@127.0.0.1 && believes other && login id -un && at=deploy@127.0.0.1 &&
	on seatctl request more "again" | grep "^issued ${aid%.*}\.[0-9]" && ! on seatctl request more "x" KEY && ended a && grep "^escalations 1" $HS_TMP/a.log && seat=$bseat && on ssh-add -L && ended b
'
test_expect_success 'rule3: a seat below a seat has less, and goes with it' '
	closed && opened --depth 2 && depth=2 scope top "user deploy" "cmd uptime" && depth=1 scope mid "user deploy" "cmd uptime" && depth=1 scope wide "user deploy" "cmd uptime" "cmd id -un" &&
	seat a top claude && seated a && aid=$id && aseat=$seat && HANDSEAL_SOCK=$aseat && export HANDSEAL_SOCK &&
	for w in top wide; do test_expect_code 3 seatctl make 0 $w tests </dev/null >out && grep "^refused outside-ceiling" out || return 1; done &&
	seat b mid tests && seated b && bid=$id && login uptime && on ssh-add -L >k.pub && ssh-keygen -L -f k.pub | grep lineage &&
	seatctl list | grep "^$bid parent $aid " && on seatctl list >l && ! grep "^$aid" l && grep "^$bid" l &&
	HANDSEAL_SOCK=$HS_TMP/run/a.sock && seat=$aseat && ended a && hs_wait b 10 && test $HS_STATUS = 8 && test ! -S "$bseat" && seatctl list >l && ! grep . l
'
test_expect_success 'its session closes, its asker is killed, the daemon ends or is killed: it is gone' '
	seat a s claude && seated a && closed && hs_wait a 10 && test $HS_STATUS = 8 && test ! -e "$seat" &&
	opened && seat a s claude && seated a && kill -KILL $(hs_pid a) && hs_wait_for "test ! -e $seat" 5 && ! on ssh-add -L && hs_wait_for "grep -q \"seat-end.*whoever asked\" $log" 5 &&
	seat a s claude && seated a && hs_stop handseald && test ! -e "$(dirname "$seat")" && daemon && watched && opened &&
	seat a s claude && seated a && kill -KILL $(hs_pid handseald) && hs_wait a 10 && test -e "$(dirname "$seat")" && daemon && test ! -e "$(dirname "$seat")"
'
test_expect_success 'rule5: what it signed for is revoked when it ends, by its asker or without; where nobody logged in there is nothing to revoke' '
	daemon && watched && opened && scope s "user deploy" "cmd uptime" && for how in asked killed; do
		seat a s claude && seated a && on ssh-add -L | cut -d" " -f1,2 >of-$how-cert.pub && login uptime &&
		if test $how = asked; then ended a; else kill -KILL $(hs_pid a) && hs_wait_for "test ! -e $seat" 5; fi &&
		hs_wait_for "grep -q \"\\\"event\\\":\\\"revoke\\\".*\\\"serial\\\":\\\"${id#*.}\\\"\" $log" 5 &&
		! ssh-keygen -Q -f $XDG_STATE_HOME/handseal/krl/${id%.*}.krl of-$how-cert.pub || { echo "# $how" && return 1; }
	done && count=$(grep -c "\"event\":\"revoke\"" "$log") && seat a s claude && seated a && ended a && hs_wait_for "grep \"\\\"event\\\":\\\"seat-end\\\"\" $log | tail -n 1 | grep -q \"\\\"${id#*.}\\\"\"" 5 &&
	test $(grep -c "\"event\":\"revoke\"" "$log") = $count
'
test_expect_success 'two hundred seats at once' '
	daemon && watched && opened && mkfifo "$HS_TMP/hold" && exec 6<>"$HS_TMP/hold" && i=0 && while test $i -lt 200; do seatctl make 0 s claude <"$HS_TMP/hold" >many.$i 2>&1 6>&- & i=$((i + 1)) && test $((i % 20)) != 0 || hs_wait_for "! grep -L ^seated many.* | grep -q ." 30 || return 1; done &&
	hs_wait_for "test \$(ls -d $HS_TMP/run/a.sock.seat-* | wc -l) = 200 && ! grep -L ^seated many.* | grep ." 90 && seatctl list >l && test $(grep -c . l) = 200 &&
	seat=$(sed -n "s/^socket //p" many.77) && login uptime && handseal status >st && exec 6>&- && hs_wait_for "! ls -d $HS_TMP/run/a.sock.seat-*" 30
'
test_expect_success 'what touches allowed, and nothing else, is on record' '
	handseal audit verify >audited || { cat audited && false; }
'
hs_done
