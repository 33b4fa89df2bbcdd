#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a touch may take its time. What nobody answered is parked, armed again, fetched later by
# who holds its key and by nobody else, and gone when its time is over or the daemon ends.
test_description='askings that are parked'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
rest='Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
what="--user deploy --host web1.example.com --cmd uptime --ttl 5m --reason see --key k.pub"
start() { daemon HANDSEAL_TOUCH_SECONDS=${1:-1} && watched; }
# parked NAME ARG...: a request that nobody answered, and whose asker has gone with exit 7
parked() {
	ask "$1" $what --wait 30s -o "$1" && hs_wait_for "eventctl events 0 0 0 | grep -q '	parked	$code	'" 10 &&
		hs_stop "$1"
}
get() { timeout 20 handseal wait "$@" </dev/null; }
pending() { hs_wait_for "agentctl status | grep -q -x \"pending $1\"" 10; }

test_expect_success 'a key, a daemon whose keys blink for a second, an agent with two keys' '
	policy "$rest" && hs_softkey_start blue && start && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	ssh-keygen -q -t ed25519 -N "" -f k && ssh-keygen -q -t ed25519 -N "" -f other &&
	eval "$(ssh-agent -s)" >agent.out && ssh-add -q k && ssh-add -q other
'
test_expect_success 'nobody answers: it is parked, on record, and its asker gets exit 7 with the code' '
	n=$(grep -c . "$log") && test_expect_code 7 timeout 20 handseal request $what --wait 4s -o a 2>err && cat err &&
	code=$(sed -n "s/^handseal: \([2-9A-Z]*\) waits for a touch.*/\1/p" err) &&
	grep "handseal wait $code" err && recorded $code parked "touch-timeout" && pending 1 && test ! -e a
'
test_expect_success 'with another key, or none of its own, nobody hears of it' '
	! get $code --key other.pub -o b 2>err && grep not-found err && test_expect_code 3 agentctl outcome $code >out &&
	grep "^refused not-found" out
'
test_expect_success 'approve arms it again; touched, its key fetches it, once' '
	hs_softkey blue touch-next && timeout 20 handseal approve $code && recorded $code touch "\"root\":\"blue\"" &&
	recorded $code answer "\"pid\":.*handseal\".*\"sentence\":\"arm\"" &&
	get $code --key k.pub -o a && ssh-keygen -L -f a | grep "$(ssh-keygen -lf k.pub | cut -d" " -f2)" &&
	! get $code --key k.pub -o again 2>err && grep not-found err && pending 0
'
test_expect_success 'its key may wait for it before it is touched' '
	parked c && { hs_spawn w handseal wait $code --key k.pub -o c1 --wait 60s; } &&
	hs_softkey blue touch-next && timeout 20 handseal approve $code && hs_wait w 10 && test "$HS_STATUS" = 0 && test -s c1
'
test_expect_success 'plugging the key in arms it again' '
	hs_softkey blue unplug && ask d $what --wait 30s -o d && recorded $code parked "no-device" && hs_stop d &&
	state $code parked && hs_softkey blue touch-next && hs_softkey blue plug &&
	recorded $code touch "\"root\":\"blue\"" && get $code --key k.pub -o d1 && test -s d1
'
test_expect_success 'the key is to be used with its PIN only, since it was shown: refused, and the next asks for it' '
	roots=$XDG_CONFIG_HOME/handseal/roots && parked v && cp "$roots/blue" kept && sed "s/^Verify .*/Verify pin/" kept >"$roots/blue" &&
	{ timeout 20 handseal approve $code || true; } && recorded $code touch-failed "pin-required" &&
	handseal roots | grep -i pin && cat kept >"$roots/blue"
'
test_expect_success 'declined while it is parked: final, and told apart' '
	parked e && handseal decline $code && test_expect_code 4 get $code --key k.pub -o e1 && recorded $code declined touch-declined &&
	recorded $code answer "\"sentence\":\"decline\"" &&
	daemon HANDSEAL_TOUCH_SECONDS=1 && watched
'
# parked_briefly NAME: the same, with a Park that is over soon
parked_briefly() { policy "$rest" "    Park 8s" && parked "$1"; }
test_expect_success 'Park is over while its asker still waits: gone' '
	policy "$rest" "    Park 3s" && ask f $what --wait 60s -o f && ends f 3 "nobody answered in time (gone)" &&
	grep -x "  ask again" "$HS_TMP/f.log" && test ! -e f && test ! -e f.pub && recorded $code touch-failed "\"gone\"" && pending 0
'
test_expect_success 'Park is over while its key waits for it: gone, exit 3, nothing is written' '
	parked_briefly f && test_expect_code 3 get $code --key k.pub -o f1 --wait 60s 2>err && cat err && test ! -e f1 &&
	grep "nobody answered in time (gone)" err && grep -x "  ask again" err && pending 0
'
test_expect_success 'in JSON: while it waits, when it is gone, and when that was told' '
	parked_briefly f && test_expect_code 7 get $code --key k.pub -o f1 --wait 0 --json >out && cat out &&
	is out "\$j->{pending}{code} eq \"$code\" && \$j->{pending}{state} eq \"parked\" && \$j->{pending}{exit} == 7 &&
		abs(\$j->{pending}{until}{unix} - time) <= 10 && \$j->{pending}{next} =~ /^handseal wait $code --key /" &&
	test_expect_code 3 get $code --key k.pub -o f1 --wait 60s --json >out && cat out &&
	is out "\$j->{error}{code} eq \"gone\" && \$j->{error}{sentence} eq \"nobody answered in time\" &&
		\$j->{error}{remedy} eq \"ask again\" && \$j->{error}{exit} == 3" && test ! -e f1 &&
	test_expect_code 1 get $code --key k.pub --json >out && is out "\$j->{error}{code} eq \"not-found\" && \$j->{error}{exit} == 1"
'
test_expect_success 'gone while nobody waits: its outcome is kept for whoever comes, once' '
	parked_briefly f && hs_wait_for "pending 0" 10 && recorded $code touch-failed . && ! get $code --key other.pub 2>err &&
	grep not-found err && test_expect_code 3 get $code --key k.pub 2>err && grep "(gone)" err &&
	test_expect_code 1 get $code --key k.pub 2>err && grep "not-found" err
'
test_expect_success 'it is on record once, by whom and why, and followers hear of it; no certificate' '
	grep "\"ask\":\"$code\"" "$log" >records && test "$(sed "s/.*\"event\":\"\([a-z-]*\)\".*/\1/" records | tr "\n" " ")" = "ask parked touch-failed " &&
	tail -n 1 records >last && is last "\$j->{code} eq \"gone\" && \$j->{sentence} eq \"nobody answered in time\" &&
		\$j->{agent} eq \"unknown\" && \$j->{exe} =~ m{/handseal\$} && \$j->{pid} > 0 && !exists \$j->{grant}" &&
	hs_wait_for "grep -q \"	gone	$code	\" $HS_TMP/watcher.log" 10 &&
	test "$(grep "	$code	" "$HS_TMP/watcher.log" | cut -f 2 | tr "\n" " ")" = "asked armed parked gone " &&
	grep "	gone	$code	unknown		gone	0	0	nobody answered in time	" "$HS_TMP/watcher.log"
'
test_expect_success 'what is gone is not armed, declined or touched any more; it may be asked for anew' '
	! timeout 30 handseal approve $code 2>err && grep not-found err && ! handseal decline $code 2>err && grep not-found err &&
	hs_softkey blue unplug && hs_softkey blue plug && ! hs_softkey blue wait 2 && ask f $what -o f &&
	hs_softkey blue touch-next && timeout 20 handseal approve $code && ends f 0 "" && handseal close
'
test_expect_success 'gone before it was parked: its asker takes it along; after that it does not' '
	policy "$rest" && start 30 && ask g $what -o g && hs_softkey blue wait 10 && hs_stop g &&
	recorded $code touch-failed touch-cancelled && pending 0 && start 1 && parked h && pending 1 &&
	handseal decline $code
'
test_expect_success 'the daemon ends with parked ones: they are gone, on record' '
	start && parked i && hs_stop watcher && hs_stop handseald && test "$HS_STATUS" = 0 && recorded $code touch-failed "the daemon ended" &&
	start && ! get $code --key k.pub -o i1 2>err && grep not-found err && pending 0
'
test_expect_success 'the daemon is killed with parked ones: none comes back, none was granted' '
	parked j && n=$(grep -c "\"event\":\"issue\"" "$log") && hs_stop handseald KILL && start &&
	! get $code --key k.pub -o j1 2>err && pending 0 && test "$(grep -c "\"event\":\"issue\"" "$log")" = "$n"
'
test_expect_success 'parked ones count as waiting: the ninth is told so, and nobody else is kept waiting' '
	start && ssh-keygen -q -t ed25519 -N "" -f m && for i in 1 2 3 4 5 6 7 8; do
		hs_spawn p$i handseal request --user deploy --host web$i.example.com --cmd uptime --ttl 5m --reason see \
			--wait 1s -o p$i || return 1
	done && for i in 1 2 3 4 5 6 7 8; do hs_wait p$i 20 && test "$HS_STATUS" = 7 || return 1; done &&
	pending 8 && refused busy --user deploy --host web9.example.com --cmd w --reason x -o no && agentctl status >st
'
test_expect_success 'a session that closes takes what was asked beyond it along' '
	start 30 && hs_softkey blue touch-next && timeout 30 handseal open --user deploy --host web1.example.com --cmd id --ttl 1h &&
	ask q $what -o q && hs_softkey blue wait 10 && handseal close && ends q 3 "gone" &&
	hs_wait_for "hs_softkey blue state | grep -q \"^waiting no\"" 5 && hs_softkey_idle blue
'
test_expect_success 'the agent goes' 'ssh-agent -k >agent.out'
test_expect_success 'what touches allowed, and nothing else, is on record' '
	handseal audit verify >audited || { cat audited && false; }
'
hs_done
