#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a seat below a seat has no more than that, in no key of the scope and not in its end: each key is
# exceeded by itself, refused, and on record, and costs no touch; what equals the seat above in all of them is made.
# What a seat then signs is seat.t's.
test_description='a seat below a seat exceeds it in nothing'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
# what the seat above has; its depth is 3
cat >above <<-\EOS
	depth 3
	max-ttl 600
	max-uses 10

	addr 10.0.0.0/8
	addr 127.0.0.0/8
	addr fd00::/16
	cap read:repo/acme/**
	cmd id ...
	cmd subsystem:sftp
	cmd uptime
	host *.db.example.com
	host web1.example.com
	ns git
	open db1.example.com:5432
	permit port-forwarding
	permit pty
	user deploy

	addr *
	cmd *
	host build.example.com
	user ci
EOS
equal() { sed "s/^depth .*/depth ${1:-2}/" above; }
# seat NAME SCOPE [TTL]: one on $HANDSEAL_SOCK, in the background; its socket in $seat, its id in $id, its end in $end
seat() {
	rm -f "$HS_TMP/$1.log" "$HS_TMP/$1.in" && mkfifo "$HS_TMP/$1.in" &&
		hs_spawn "$1" sh -c 'exec seatctl make "$1" "$2" "$3" <"$0"' "$HS_TMP/$1.in" "${3:-0}" "$PWD/$2" "$1" &&
		case $1 in top) exec 7>"$HS_TMP/top.in" ;; mid) exec 8>"$HS_TMP/mid.in" ;; *) exec 9>"$HS_TMP/$1.in" ;; esac &&
		hs_wait_for "grep -qs '^seated' $HS_TMP/$1.log || ! hs_alive $1" 10 && seat=$(sed -n 's/^socket //p' "$HS_TMP/$1.log") &&
		id=$(sed -n 's/^id //p' "$HS_TMP/$1.log") && end=$(sed -n 's/^end //p' "$HS_TMP/$1.log") && test -S "$seat" || { cat "$HS_TMP/$1.log" && false; }
}
unseat() { # NAME: it ends as asked
	case $1 in top) echo end >&7 ;; mid) echo end >&8 ;; *) echo end >&9 ;; esac && hs_wait "$1" 10 && test "$HS_STATUS" = 0
}
asked() { grep -c '"event":"ask"' "$log"; }
# denied CODE SENTENCE: ./want is refused with just that, on record with its whole text, without asking anybody
denied() {
	denied_asks=$(asked) && cat want && test_expect_code 3 seatctl make 0 "$PWD/want" below </dev/null >out && grep "^refused $1\$" out &&
		grep -x -F "sentence $2" out && grep "^remedy ." out && test "$denied_asks" = "$(asked)" && grep -v "\"event\":\"checkpoint\"" "$log" | tail -n 1 >line &&
		is line "\$j->{event} eq q(refuse) && \$j->{ext} eq q(seat@handseal.alt) && \$j->{code} eq q($1) && \$j->{agent} eq q(below)" &&
		field line '$j->{scope}' | sed '$d' >said && test_cmp want said || { cat out line && false; }
}
beyond() { denied outside-ceiling "$1"; }
outside() { beyond "$1 is outside what the seat above has"; }
# adds KEY VALUE...: with each of these values beside what the seat above has, in its first statement
adds() {
	adds_=$1
	shift
	set -f
	for v in "$@"; do
		set +f
		equal | KEY=$adds_ VALUE=$v perl -pe '$_ .= "$ENV{KEY} $ENV{VALUE}\n" if /^user deploy$/' >want && outside "$adds_ $v" ||
			{ echo "# $adds_ $v" && return 1; }
	done
	set +f
}
# instead KEY NEW SENTENCE: with this in place of that line of the head
instead() { equal | sed "s/^$1 .*/$1 $2/" >want && beyond "$3" || { echo "# $1 $2" && false; }; }

test_expect_success 'a session, and a seat of it' '
	policy "Agent unknown" "    Scope *" && hs_softkey_start blue && daemon && main=$HANDSEAL_SOCK && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && hs_softkey blue touch-next &&
	timeout 30 handseal open --scope-file above --ttl 2h && equal 3 >top.scope && seat top top.scope 3600 && top=$id && topend=$end && HANDSEAL_SOCK=$seat
'
test_expect_success 'rule3: what equals it in each key, and is a level less deep, is made, at once' '
	equal >want && asks=$(asked) && seat mid want && sed -n "/^scope/,/^seated/p" "$HS_TMP/mid.log" | sed "s/^scope //; /^seated/d" >has &&
	grep "^depth 2" has && grep "^user ci" has && test "$(sort has | grep -c .)" = "$(sort want | grep -c .)" && seatctl list | grep "^$id parent $top agent mid used 0 left 10 " && test $asks = "$(asked)" &&
	hs_wait_for "grep \"\\\"event\\\":\\\"seat\\\"\" $log | tail -n 1 | grep -q \"below seat $top\"" 5 && unseat mid
'
test_expect_success 'rule3: user' 'adds user root other "*"'
test_expect_success 'rule3: host' 'adds host web2.example.com db.example.com "*.example.com" "*"'
test_expect_success 'rule3: addr' 'adds addr 192.0.2.1/32 0.0.0.0/0 8.0.0.0/5 fd01::/16 ::/0 "*"'
test_expect_success 'rule3: cmd' 'adds cmd reboot "uptime ..." "uptime -p" subsystem:sftp-write "*"'
test_expect_success 'rule3: permit' 'adds permit agent-forwarding x11-forwarding user-rc "*"'
test_expect_success 'rule3: open' 'adds open db1.example.com:5433 db2.example.com:5432 "*"'
test_expect_success 'rule3: ns' 'adds ns file handseal "*"'
test_expect_success 'rule3: cap' 'adds cap write:repo/acme/web read:repo/other read:repo/acme "read:*" "*:repo/acme/**" "*:*"'
test_expect_success 'rule3: max-ttl' '
	for t in 601 31622400; do instead max-ttl $t "max-ttl $t is more than the seat above has, which is 600" || return 1; done
'
test_expect_success 'rule3: max-uses' '
	for n in 11 1000000000 "*"; do instead max-uses "$n" "the seat above has 10 uses in all, and more were asked for" || return 1; done
'
test_expect_success 'rule3: depth: as deep, or deeper' '
	for n in 3 4 16; do instead depth $n "depth $n is not less than the seat above has, which is 3" || return 1; done
'
test_expect_success 'rule3: a statement more, and two statements in one' '
	{ equal && printf "\naddr *\ncmd true\nhost build.example.com\nuser root\n"; } >want && outside "user root" &&
	{ equal | sed -n "1,/^$/p" && printf "addr 10.0.0.0/8\ncmd uptime\nhost web1.example.com\nuser ci\n"; } >want && outside "host web1.example.com" &&
	{ equal | sed -n "1,/^$/p" && printf "addr *\ncmd *\nhost build.example.com\nhost web1.example.com\nuser ci\nuser deploy\n"; } >want && outside "user deploy"
'
test_expect_success 'rule3: its end: asked for later, or for none, it is that of the seat above; sooner is sooner' '
	equal >want && seat mid want && test $end = $topend && unseat mid && seat mid want 28800 && test $end = $topend && unseat mid &&
	seat mid want 60 && test $end -le $(($(date +%s) + 60)) && unseat mid && test_expect_code 3 seatctl make 31622401 "$PWD/want" below </dev/null >out && grep "^refused usage$" out
'
test_expect_success 'rule3: its uses are taken from there, and come back' '
	equal | sed "s/^max-uses .*/max-uses 6/" >six && seat mid six && seatctl list | grep "^$id .* left 6 " && cp six want &&
	denied uses-spent "uses left: 4" && equal | sed "s/^max-uses .*/max-uses 4/" >four && seat low four && unseat low && unseat mid && seat mid six && unseat mid &&
	equal >want && seat mid want && unseat mid
'
test_expect_success 'rule3: a seat below that has its own seat above, not the one above that' '
	equal | sed "/^cmd uptime/d; s/^max-uses .*/max-uses 5/; s/^max-ttl .*/max-ttl 300/" >less && seat mid less 600 && mid=$id && midend=$end && HANDSEAL_SOCK=$seat &&
	below() { sed "s/^depth .*/depth 1/; $1" less >want && $2 "$3" || { echo "# $1" && return 1; }; } &&
	below "s/^max-ttl .*/max-ttl 301/" beyond "max-ttl 301 is more than the seat above has, which is 300" && below "s/^user deploy/&\ncmd uptime/" outside "cmd uptime" &&
	below "s/^max-uses .*/max-uses 6/" beyond "the seat above has 5 uses in all, and more were asked for" && below "s/^user deploy/&\nuser root/" outside "user root" &&
	below "s/^depth .*/depth 2/" beyond "depth 2 is not less than the seat above has, which is 2" && sed "s/^depth .*/depth 1/" less >want && seat low want 3600 && test $end = $midend && seatctl list | grep "^$id parent $mid " && HANDSEAL_SOCK=$seat &&
	sed "s/^depth .*/depth 0/" less >none && beyond "depth 1 is not less than the seat above has, which is 1" && unseat low
'
test_expect_success 'rule3: depth 0 has none below it' '
	HANDSEAL_SOCK=$(sed -n "s/^socket //p" "$HS_TMP/mid.log") && seat low none && HANDSEAL_SOCK=$seat && cp none want && beyond "the seat above has depth 0, so there is none below it" &&
	does 3 "the seat above has depth 0.*(outside-ceiling)" handseal run --agent below --user deploy --host web1.example.com --cmd id --addr 10.0.0.0/8 --uses 1 -- true &&
	unseat low && unseat mid
'
test_expect_success 'rule3: as handseal run asks: what is beyond is refused before the program starts; what is within runs' '
	HANDSEAL_SOCK=$(sed -n "s/^socket //p" "$HS_TMP/top.log") && in="--agent below --host web1.example.com --addr 10.0.0.0/8 --uses 1" &&
	does 3 "^handseal: user root is outside what the seat above has (outside-ceiling)" handseal run $in --ttl 9m --user root --cmd id -- touch ran && does 3 "^handseal: cmd reboot is .*(outside-ceiling)" handseal run $in --ttl 9m --user deploy --cmd reboot -- touch ran &&
	does 3 "  ask for --ttl 600s or less" handseal run $in --user deploy --cmd uptime -- touch ran && test ! -e ran && test_expect_code 7 handseal run $in --user deploy --cmd uptime --ttl 9m -- sh -c "exit 7"
'
test_expect_success 'what a touch gave the seat is one part, what it began with another: none below has both' '
	watched() { HANDSEAL_SOCK=$main hs_spawn watcher eventctl follow 1 && hs_wait_for "grep -qs ^last $HS_TMP/watcher.log" 10; } && watched &&
	{ equal | sed -n "1,/^$/p" && printf "addr *\ncmd ls\nhost new.example.com\nuser new\n"; } >more && hs_spawn more seatctl request "$PWD/more" "to see" && hs_softkey blue wait 10 && hs_softkey blue touch && hs_wait more 10 && test $HS_STATUS = 0 &&
	sed "s/^depth .*/depth 1/" more >want && seat mid want && unseat mid && { equal && sed "1,/^$/d" more | sed "1i\\
"; } >want && outside "user new" && unwatched && unseat top
'
hs_done
