#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: of several enrolled keys any will do, the first that is touched wins with one touch,
# and one that is removed will not do any more.
test_description='several keys'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
what="--user deploy --host web1.example.com --cmd uptime --ttl 5m --reason see"
rest='Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
waits() { hs_softkey $1 wait 10; }
idle() { hs_wait_for "hs_softkey $1 state | grep -q '^waiting no'" 5; }
open_() { hs_spawn opening handseal open --user deploy --host web1.example.com --cmd id --ttl 1h; }
# shut MS SINCE: the session is over, and no more than MS passed until a watcher heard so
shut() {
	hs_wait_for "agentctl status | grep -q -x \"open 0\"" 5 &&
		hs_wait_for "at=\$(sed -n \"s/ .*\\\"closed\\\".*//p\" $HS_TMP/heard.log | tail -n 1) && test \"0\$at\" -ge $2" 5 && took $1 $2 $at
}
by() { tail -n 20 "$log" | grep '"event":"touch"' | tail -n 1 | grep "\"root\":\"$1\""; }

test_expect_success 'two keys, both plugged in' '
	policy "$rest" && hs_softkey_start blue && hs_softkey_start spare && late_start && daemon && watched && stamped heard handseal watch --json && for k in blue spare; do
		hs_softkey $k touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/$k.sock --name $k || return 1
	done && handseal roots | grep spare
'
test_expect_success 'both blink; the first that is touched wins, and the other stops' '
	for k in spare blue; do
		open_ && waits blue && waits spare && hs_softkey $k touch && hs_wait opening 10 && test "$HS_STATUS" = 0 &&
			by $k && idle blue && idle spare && handseal close || return 1
	done
'
test_expect_success 'a request likewise, and the prompt names both' '
	ask a $what -o a && waits blue && waits spare && hs_softkey spare touch && ends a 0 . && by spare &&
	grep "\"ask\":\"$code\"" "$log" | grep "Touch blue (SIMULATED: software, proves no touch) or spare (SIMULATED"
'
test_expect_success 'with one pulled out the other will do' '
	handseal close && hs_softkey spare unplug && open_ && waits blue && hs_softkey blue touch && hs_wait opening 10 &&
	test "$HS_STATUS" = 0 && by blue && handseal close && hs_softkey spare plug
'
test_expect_success 'one that lies does not give anything' '
	for f in other-key bad-signature flags-no-up flags-extra wrong-rp; do
		hs_softkey spare fault $f && open_ && waits spare && hs_softkey spare touch && hs_wait opening 20 &&
			test "$HS_STATUS" != 0 && agentctl status | grep -x "open 0" || { echo "# $f"; cat $HS_TMP/opening.log; return 1; }
	done && hs_softkey spare fault none && idle blue
'
test_expect_success 'one that is removed will not do any more' '
	fp=$(handseal roots | grep spare | grep -o "SHA256:[A-Za-z0-9+/]*") && handseal roots remove $fp >removed 2>&1 && cat removed &&
	open_ && waits blue && ! hs_softkey spare wait 1 && hs_softkey blue touch &&
	hs_wait opening 10 && test "$HS_STATUS" = 0 && by blue && handseal close
'
test_expect_success 'Unplug close: the session closes within a second, if it is the key that was touched' '
	hs_softkey spare touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/spare.sock --name spare &&
	policy "Unplug close" "$rest" && open_ && waits blue && hs_softkey blue touch && hs_wait opening 10 &&
	n=$(grep -c "\"unplugged\".*spare" "$log") && hs_softkey spare unplug && hs_softkey spare plug && hs_wait_for "test \$(grep -c \"\\\"unplugged\\\".*spare\" $log) -gt $n" 5 &&
	agentctl status | grep -x "open 1" && start=$(now) && hs_softkey blue unplug && shut 1000 $start &&
	noted "\"event\":\"close\".*unplugged" && hs_softkey blue plug
'
test_expect_success 'and so does one that a request opened' '
	ask u $what -o u && waits spare && hs_softkey spare touch && ends u 0 . && agentctl status | grep -x "open 1" &&
	start=$(now) && hs_softkey spare unplug && shut 1000 $start && hs_softkey spare plug
'
hs_done
