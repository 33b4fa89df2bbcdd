#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: pulling the key out does what the policy's Unplug says, within a second, and
# only if it is the key that was touched; a revoked session's certificates are refused by stock
# OpenSSH with the list that was written.
test_description='Unplug keep, close, revoke'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

state=$XDG_STATE_HOME/handseal
policy() { # WORD
	cat >"$XDG_CONFIG_HOME/handseal/policy" <<-EOF &&
	Unplug $1
	Escalate deny
	Agent unknown
	  Scope *
	EOF
	handseal policy reload
}
opened() {
	hs_softkey blue touch-next &&
		handseal open --user deploy --host web1.example.com --cmd id --ttl 1h
}
session() { handseal status --json | tr -d ' \n' | sed -n 's/.*"session":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p'; }
noted() { # TEXT [N]: on record, N times
	noted_text=$1 noted_times=${2:-1}
	hs_wait_for 'test $(grep -c -e "$noted_text" "$state/audit.jsonl") -ge $noted_times' 5
}
# shut MS SINCE: the session is over, and no more than MS passed until a watcher heard so
shut() {
	hs_wait_for "! is_open" 5 && hs_wait_for "at=\$(sed -n \"s/ .*\\\"closed\\\".*//p\" $HS_TMP/watcher.log | tail -n 1) && test \"0\$at\" -ge $2" 5 &&
		took $1 $2 $at
}
is_open() { handseal status --json | grep -q '"session"' && handseal status | grep -q "^open "; }

test_expect_success 'two keys, a daemon' '
	late_start && hs_softkey_start blue && hs_softkey_start spare && hs_handseald_start && stamped watcher handseal watch --json &&
	for k in blue spare; do
		hs_softkey $k touch-next &&
		handseal enroll --name $k --device "softkey:$HS_TMP/$k.sock" || return 1
	done
'
test_expect_success 'keep: the session stays' '
	policy keep && opened && hs_softkey blue unplug &&
	noted "\"unplugged\".*blue" && is_open && hs_softkey blue plug && noted "\"plugged\".*blue" && handseal close
'
test_expect_success 'close: it closes within a second, and nothing more is issued' '
	policy close && opened && start=$(now) && hs_softkey blue unplug && shut 1000 $start &&
	noted "\"event\":\"close\".*unplugged" &&
	test_expect_code 5 handseal request -o "$HS_TMP/k" --user deploy --host web1.example.com --cmd id &&
	test -z "$(ls "$state/krl")" && hs_softkey blue plug
'
test_expect_success 'another key that is unplugged is nobody'\''s business' '
	opened && hs_softkey spare unplug && noted "\"unplugged\".*spare" && is_open && hs_softkey spare plug && handseal close
'
test_expect_success 'rule5: revoke: it closes, and the list is on disk, for OpenSSH to read' '
	policy revoke && opened &&
	handseal request -o "$HS_TMP/id" --user deploy --host web1.example.com --cmd id --agent claude &&
	start=$(now) && hs_softkey blue unplug && shut 1000 $start && hs_wait_for "ls $state/krl/*.krl" 5 && krl=$(echo "$state"/krl/*.krl) &&
	test_expect_code 1 ssh-keygen -Q -f "$krl" "$HS_TMP/id-cert.pub" >out && grep REVOKED out &&
	ssh-keygen -Q -f "$krl" "$HS_TMP/id.pub" && grep -E "^[0-9]+ $(basename "$krl" .krl) \* [0-9]+$" "$state/revoked" &&
	test "$(stat -c %a "$state/revoked")" = 600 &&
	noted "\"event\":\"revoke\".*\"code\":\"ok\"" && hs_softkey blue plug
'
test_expect_success 'the next session is another, which the list does not name' '
	opened && handseal request -o "$HS_TMP/id2" --user deploy --host web1.example.com --cmd id &&
	ssh-keygen -Q -f "$krl" "$HS_TMP/id2-cert.pub" && handseal close
'
test_expect_success 'rule5: a session that was closed before is revoked too, once, while a certificate of it lives' '
	opened && id=$(session) && test -n "$id" &&
	handseal request -o "$HS_TMP/id3" --user deploy --host web1.example.com --cmd id --ttl 40m && handseal close &&
	opened && empty=$(session) && handseal close &&
	hs_softkey spare unplug && noted "\"unplugged\".*spare" 2 && test ! -e "$state/krl/$id.krl" &&
	hs_softkey blue unplug && hs_wait_for "test -e $state/krl/$id.krl" 5 &&
	test_expect_code 1 ssh-keygen -Q -f "$state/krl/$id.krl" "$HS_TMP/id3-cert.pub" && hs_softkey blue plug &&
	test ! -e "$state/krl/$empty.krl" && n=$(grep -c "\"unplugged\".*blue" "$state/audit.jsonl") && hs_softkey blue unplug && noted "\"unplugged\".*blue" $((n + 1)) && hs_softkey blue plug &&
	test $(grep -c " $id \* " "$state/revoked") = 1
'
hs_done
