#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the audit log of a real daemon over its life: signed for, finished and gone on from,
# copied, and whatever is done to its files or its disk, nothing is released unrecorded and it heals.
test_description='handseald: the audit log'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

state=$XDG_STATE_HOME/handseal log=$XDG_STATE_HOME/handseal/audit.jsonl
any="Agent unknown
    Scope *"
printf '%s\n' "max-ttl 900" "max-uses *" "" "addr *" "cmd uptime" "host *.example.com" "user deploy" >ceiling
echo nonsense >bad
opened() { agentctl open ceiling 600 >opened && session=$(sed -n 's/^opened //p' opened) && test "$session"; }
status() { agentctl status >st && grep -q -x "$1 $2" st || { cat st && false; }; }
got() { agentctl request ceiling a s >out && grep -q "^issued" out || { cat out && false; }; }
lost() { test_expect_code 3 agentctl request ceiling a s >out && grep -q "^refused not-recorded" out || { cat out && false; }; }
# nothing comes by itself now: the newest record is signed for
quiet() { hs_wait_for 'tail -n 1 "$log" | grep -q "\"event\":\"checkpoint\""' 10; }
healed() { hs_wait_for 'agentctl status | grep -q -x "log_ok 1"' 10 && got; }
# whole [FIRST]: the chain over all files, from that record on; the number of the last in $last
whole() {
	last=$(perl -MDigest::SHA=sha256_hex -ne '
		BEGIN { $n = shift } last if /^\0/;
		/^\{"seq":(\d+),"prev":"([0-9a-f]{64})",/ or die "no record: $_";
		$1 == $n++ && (!defined $head || $2 eq $head) or die "chain at $1";
		$head = sha256_hex($_); END { print $n - 1 }' "${1:-1}" $(ls "$state"/audit.0*.jsonl 2>/dev/null) "$log")
}

test_expect_success 'a key, a daemon' '
	hs_softkey_start blue && hs_softkey blue auto on && HANDSEAL_SOCK=$HS_TMP/run/a.sock && export HANDSEAL_SOCK &&
	policy "LogCopy none" "$any" && daemon A=1 && handseal enroll --device softkey:$HS_TMP/blue.sock --name blue --owner "Ada L." &&
	policy "LogCopy none" "$any" && opened
'
test_expect_success 'the records say what an auditor asks for' '
	grep "\"event\":\"start\",\"clock\":\"[a-z]*synchronised\",\"machine\":\"[0-9a-f]\{64\}\",\"pid\":.*\"policy\":\"[0-9a-f]\{64\}\"" "$log" &&
	digest=$(sha256sum <"$XDG_CONFIG_HOME/handseal/policy" | cut -d" " -f1) && got &&
	grep "\"event\":\"touch\".*\"policy\":\"$digest\".*\"human\":\"Ada L.\",\"aaguid\":\"[0-9a-f]\{32\}\",\"attestation\":\"[a-z]*\",\"transport\":\"software\"" "$log" &&
	parent=$(sed -n "s/.*\"event\":\"touch\".*\"serial\":\(\"[0-9]*\"\).*/\1/p" "$log") &&
	grep "\"event\":\"issue\".*\"policy\":\"$digest\",\"serial\":\"1\",\"parent\":$parent,\"end\"" "$log"
'
test_expect_success 'the session key signs where it stands, and last when the session is closed' '
	hs_wait_for "grep -q \"\\\"event\\\":\\\"checkpoint\\\",\\\"session\\\":\\\"$session\\\"\" $log" 10 && agentctl close >out && hs_wait_for "tail -n 1 $log | grep checkpoint" 5 && whole &&
	tail -n 2 "$log" >two && sed -n 1p two | grep "\"event\":\"close\"" && sed -n 2p two | grep "\"event\":\"checkpoint\"" &&
	opened && hs_stop handseald && tail -n 2 "$log" >two && sed -n 1p two | grep "\"event\":\"stop\"" &&
	sed -n 2p two | grep "\"event\":\"checkpoint\",\"session\":\"$session\""
'
test_expect_success 'a grant holds the digest of the policy that it was asked under, though another came before the touch' '
	daemon A=1 && hs_softkey blue auto off && policy "LogCopy none" "$any" && { agentctl open ceiling 600 >opened & } && hs_wait_for "grep -q ^asked opened" 10 &&
	policy "LogCopy none" "$any" "# another" && hs_softkey blue wait 10 && hs_softkey blue auto on && { hs_softkey blue touch; wait $!; } && grep "^opened" opened &&
	ask=$(grep "\"event\":\"ask\"" "$log" | tail -n 1 | grep -o "\"policy\":\"[0-9a-f]*\"") && test "$ask" && grep "\"event\":\"touch\"" "$log" | tail -n 1 | grep -F "$ask" && hs_stop handseald && daemon A=1
'
test_expect_success 'LogSize: files that are finished, the chain going on across them and over restarts' '
	policy "LogSize 64K" "LogCopy none" "$any" && daemon A=1 && opened &&
	{ for i in $(seq 300); do agentctl request bad a s; done >out; true; } && test $(ls "$state"/audit.0*.jsonl | wc -l) -ge 1 && whole &&
	tail -qn 1 "$state"/audit.0*.jsonl >ends && ! grep -v "\"event\":\"rotate\",\"count\":[0-9]*}" ends &&
	policy "LogCopy none" "$any" && daemon A=1 && opened && got && n=$last && whole && test $last -gt $n
'
# a checkpoint that is due meanwhile may be among what could not be written
test_expect_success 'rule4: deleted, emptied, written to: refused once, then it goes on and says so' '
	quiet && rm "$log" && lost && status issued 1 && healed && grep "\"event\":\"break\".*was deleted" "$log" &&
	grep "\"event\":\"voided\".*\"count\":[1-3]}" "$log" && quiet && : >"$log" && lost && healed && grep "\"event\":\"break\".*was cut off" "$log" &&
	quiet && n=$(sed -n "1s/^{\"seq\":\([0-9]*\),.*/\1/p" "$log") && echo "{\"seq\":$n}" >>"$log" && lost && healed &&
	grep "\"event\":\"break\".*was written to" "$log" && grep -x "{\"seq\":$n}" "$state"/audit.odd.* &&
	rm "$state"/audit.0*.jsonl && n=$(sed -n "1s/^{\"seq\":\([0-9]*\),.*/\1/p" "$log") && whole $n
'
test_expect_success 'a log that other programs left damaged is read on from' '
	daemon A=1 && opened && got && whole $n && rm -r "$state" && daemon A=1 && opened && got && whole
'
test_expect_success 'what a crash left of a record is set aside, and told' '
	hs_stop handseald && whole && printf "{\"seq\":9\000\000" >>"$log" && daemon A=1 &&
	hs_wait_for "grep -q \"\\\"event\\\":\\\"start\\\"\" $log" 10 &&
	grep "^{\"seq\":$((last + 1)),.*\"event\":\"torn\".*\"count\":8,\"sha256\":\"$(printf "{\"seq\":9" | sha256sum | cut -d" " -f1)\"}" "$log" &&
	test "$(cat "$state/audit.torn.$(printf %020d $((last + 1)))")" = "{\"seq\":9" && whole
'
test_expect_success 'a crash came between two files' '
	hs_stop handseald && whole && mv "$log" "$state/audit.$(printf %020d 1).jsonl" && daemon A=1 && opened && got &&
	sed -n "1s/,\"prev.*//p" "$log" | grep -x "{\"seq\":$((last + 1))" && whole
'
test_expect_success 'LogKeep: finished files that are old are recorded as forgotten, and deleted' '
	old=$state/audit.$(printf %020d 1).jsonl && test -e $old && policy "LogKeep 1d" "LogCopy none" "$any" && got && test -e $old &&
	hs_stop handseald && rm "$log" && perl -pi -e "s/\"time\":\d+/\"time\":1000000000/" $old && n=$(sed -n "\$s/^{\"seq\":\([0-9]*\),.*/\1/p" $old) &&
	h=$(tail -n 1 $old | sha256sum | cut -d" " -f1) && daemon A=1 &&
	hs_wait_for "grep -q \"\\\"event\\\":\\\"forget\\\",\\\"first\\\":1,\\\"last\\\":$n,\\\"head\\\":\\\"$h\\\"}\" $log" 10 &&
	hs_wait_for "test ! -e $old" 10 && whole $((n + 1))
'
test_expect_success 'LogKeep: a finished file that cannot be read stays, with those behind it, and status says so' '
	echo nonsense >$old && policy "LogKeep 1d" "LogCopy none" "$any" "# look" && hs_wait_for "handseal status | grep \"^TROUBLE .*LogKeep.* audit.00000000000000000001.jsonl cannot be read\"" 10 && test -e $old &&
	rm $old && policy "LogKeep 1d" "LogCopy none" "$any" "# again" && hs_wait_for "! handseal status | grep TROUBLE" 10
'
test_expect_success 'LogCopy: the system log has each record, byte by byte' '
	hs_syslog_start && policy "$any" && opened && got && grep "\"event\":\"issue\"" "$log" | tail -n 1 >line && grep "\"event\":\"issue\"" line &&
	hs_wait_for "grep -q \"\\\"event\\\":\\\"issue\\\"\" $HS_TMP/syslog" 10 &&
	sed -n "s/.* handseald\[[0-9]*\]: @cee://p" "$HS_TMP/syslog" >copied && grep -x -F -f line copied
'
# under a daemon that writes to it, a disk becomes that only by its own failing: test_agentd_audit_faults.c has EROFS
test_expect_success 'rule4: a disk that is read only: no daemon starts that could record nothing' '
	d=$HS_TMP/small && mkdir $d && mount -t tmpfs -o size=1m,mode=0700 tmpfs $d && daemon XDG_STATE_HOME=$d &&
	state=$d/handseal log=$d/handseal/audit.jsonl && opened && got && hs_stop handseald && mount -o remount,ro $d &&
	test_expect_code 1 env XDG_STATE_HOME=$d timeout 30 handseald -D -a "$HANDSEAL_SOCK" 2>err >out && grep -i "read-only" err &&
	mount -o remount,rw $d && daemon XDG_STATE_HOME=$d && opened && got && whole && hs_stop handseald && umount $d
'
hs_done
