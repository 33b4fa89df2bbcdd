#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: on a seat's socket `handseal` asks without a key of its own, says what was refused
# and what would help, and says what a seat does not do; the main socket's list shows the seats as a tree.
# Whatever a daemon that lies says of seats, it is refused or shown safely. The daemon's own side is not
# tested here.
test_description='seats at the command line'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL HANDSEAL_SOCK

# ask ARG...: a request of what the certificate in hand allows
ask() { timeout 60 handseal request --user deploy --host web1.example.com --cmd uptime --agent other "$@"; }
# a seat HOW: one that holds that certificate
seat() { hostile "$1" '' "$PWD/given"; }
nothing() { test ! -s out && ! grep -q "ssh \|granted" err; } # nothing was told as granted

# ---- the certificate that a false seat hands out: a real one

test_expect_success 'a session, and a certificate of it' '
	hs_softkey_start blue && hs_softkey blue touch-next && handseal enroll --device "softkey:$HS_TMP/blue.sock" --name blue >out &&
	rm -f "$XDG_CONFIG_HOME/handseal/policy" && hs_handseald_start && hs_softkey blue touch-next &&
	handseal open --user deploy --host web1.example.com --cmd uptime --cmd id --json >opened 2>err &&
	ask --agent claude -o job --json >job.json && perl -MMIME::Base64 -MJSON::PP -e "
		local \$/; my (\$o, \$j) = map { open my \$f, q(<), \$_ or die; decode_json(<\$f>) } qw(opened job.json);
		open my \$c, q(<), q(job-cert.pub) or die; my \$cert = decode_base64((split / /, <\$c>)[1]);
		open my \$g, q(>), q(given) or die; print \$g pack(q(N/a* Q> N/a*), \$cert, \$j->{end}{unix}, \$j->{id});
		open my \$s, q(>:utf8), q(given.shown) or die; print \$s \$o->{shown}" && test -s given && test -s given.shown
'

# ---- request and wait on a seat

test_expect_success 'request on a seat: the code, then until when, and the ssh line alone' '
	seat seat_asked && does 0 "^4F7 granted until [0-9: -]*: ssh deploy@web1.example.com uptime$" ask &&
	test "$(wc -l <out)" = 1 && grep "4F7 waits for a touch; the person sees 4F7 too" err && test -z "$(ls f* 2>/dev/null)" &&
	does 0 . ask --json && is out "\$j->{code} eq q(4F7) && \$j->{agent} eq q(claude) && \$j->{end}{unix} > time" &&
	is out "\$j->{next} eq q(ssh deploy@web1.example.com uptime) && \$j->{scope} =~ /^cmd uptime\$/m && \$j->{id} =~ /\\.1\$/" &&
	is out "keys %\$j == 7 && !\$j->{direct}"
'
test_expect_success 'what it may do already needs no touch' '
	seat seat_gives && does 0 "^Granted without a touch until [0-9: -]*: ssh deploy@web1.example.com uptime$" ask && test ! -s err &&
	does 0 . ask --uses 3 --ttl 5m && does 0 . ask --json && is out "exists \$j->{code} && !defined \$j->{code} && \$j->{id} =~ /\\.1\$/"
'
test_expect_success 'a key is refused there, and demanded elsewhere' '
	seat seat_gives && for o in "-o f" "--key job.pub" "--key nonesuch.pub" "-o job" "--key job.pub -o f"; do
		does 2 "a seat has a key of its own: leave out --key and -o" ask $o && grep "^usage: handseal request" err || return 1
	done && does 2 "a seat has a key of its own" handseal wait 4F7 --key job.pub && does 2 "a seat has a key" handseal wait 4F7 -o f &&
	usage request --user a --host b --cmd c -o "" && honest && does 2 "^handseal: -o FILE says where a new key pair goes, or --key PUB" ask &&
	does 2 "^handseal: --key PUB says which key" handseal wait 4F7 && does 2 "^handseal: --key PUB says" handseal wait 4F7 -o f && test ! -e f &&
	HANDSEAL_SOCK=$HS_TMP/none.sock && does 6 "(no-daemon)" ask && does 6 "(no-daemon)" handseal wait 4F7
'
test_expect_success 'not answered: exit 7, and wait needs the code alone' '
	seat seat_waits && does 7 "4F7 not answered yet. Go on with other work; then:  handseal wait 4F7  (until " ask --wait 0 &&
	does 7 . ask --wait 1 --json && is out "\$j->{pending}{next} eq q(handseal wait 4F7) && \$j->{pending}{state} eq q(parked)" &&
	is out "!exists \$j->{pending}{key} && !exists \$j->{pending}{identity}" && does 7 "handseal wait 4F7  (until" handseal wait 4f7 --wait 0 &&
	does 7 . handseal wait 4F7 --wait 0 --json && is out "\$j->{pending}{exit} == 7" && seat seat_asked &&
	does 0 "^4F7 granted until [0-9: -]*: ssh deploy@" handseal wait 4F7 && does 0 . handseal wait 4F7 --json && is out "\$j->{code} eq q(4F7)"
'
test_expect_success 'refusals, with their exit codes' '
	seat seat_declined && does 4 "4F7 declined" ask && does 4 "4F7 declined" handseal wait 4F7 && seat seat_gone &&
	does 3 "(gone)" ask && does 3 "(gone)" handseal wait 4F7 --json && is out "\$j->{error}{code} eq q(gone)" &&
	hostile seat_refuses && does 3 "not asked: the policy lets nobody ask for more (escalation-off)" ask
'
test_expect_success 'rule3: a certificate that is not what was asked for is not told of' '
	for how in seat_end seat_late seat_id seat_sig seat_cut seat_none; do
		seat $how && does 1 "([a-z-]*)$" ask && nothing && ! grep written err && does 1 . ask --json &&
		is out "\$j->{error}{exit} == 1" || { echo "# $how" && return 1; }
	done && seat seat_other && does 1 "of another session" ask && nothing && seat seat_shown && does 1 "another text than the one" ask &&
	nothing && seat seat_gives && does 1 "does not allow what was asked for" handseal request --user deploy --host web1.example.com --cmd id &&
	nothing && does 1 "does not allow what was asked for" ask --ttl 1h && nothing && seat seat_asked &&
	does 1 "allows more than was asked for" ask --uses 3 && nothing && does 1 "allows more than was asked for" handseal request --user deploy \
		--host web1.example.com --cmd id && nothing
'

# ---- what a seat does not do

test_expect_success 'this is a seat: only the main socket does that' '
	hostile seat_usual && for c in "open --user a --host b --cmd c" "open --scope a" close "policy show" "policy reload" "watch" "watch --json" \
		"policy explain --user a --host b --cmd c" "approve 4F7" "decline 4F7" "request --scope dump"; do
		does 1 "^handseal: this is a seat: only the main socket does that (unsupported)$" handseal $c && ! grep "eval" err ||
			{ echo "# $c" && return 1; }
	done && does 1 . handseal close --json && is out "\$j->{error}{code} eq q(unsupported) && \$j->{error}{exit} == 1"
'
test_expect_success 'another agent that does not know it is no seat' '
	hostile unknown && does 1 "does not know close@handseal.alt" handseal close && ! grep "a seat" err && hostile failed &&
	does 1 "does not know close" handseal close && hostile tree_query && does 1 "answer to query is malformed" handseal list &&
	does 1 "answer to query is malformed" handseal why && does 1 "query is malformed" handseal status
'
test_expect_success 'status says whose socket it is' '
	hostile seat_usual && does 0 "^open     until" handseal status && test "$(head -n 1 out)" = "seat     7c2e.3" &&
	grep "^waiting  1 for a touch$" out && HANDSEAL_SEAT=7c2e000000000000.5 handseal status --json >out &&
	is out "\$j->{seat} eq q(7c2e000000000000.3) && \$j->{waiting} == 1 && !@{\$j->{askings}}" && hostile seat_two &&
	does 0 "^seat     a seat.s socket; which one is not told$" handseal status && does 0 . handseal status --json && is out "\$j->{seat} eq q()" &&
	hostile seat_closed && does 0 "^closed   no session$" handseal status && ! grep "policy\|handseal open" out &&
	hostile seat_lists && does 1 "(malformed)" handseal status && honest && HANDSEAL_SEAT=7c2e000000000000.3 handseal status >out &&
	! grep seat out && does 0 . handseal status --json && is out "exists \$j->{seat} && !defined \$j->{seat}"
'

# ---- why

test_expect_success 'why: what was refused last, and what would ask for it' '
	hostile seat_why && does 0 "^2023-11-14 22:13:20  refused: root@db1.example.com: the scope does not allow this user on this host (user-outside-scope)$" \
		handseal why && grep "^          ask for it$" out && ! grep "SHA256\|A person" out &&
	grep -F "Ask for it:  handseal request --user root --host db1.example.com --cmd '\''CMD'\'' --reason '\''WHY'\''" out &&
	does 0 "cmd '\''pg_dump -Fc web'\'' --reason" handseal why root@db1.example.com pg_dump -Fc web && does 0 "--cmd uptime --reason" \
		handseal why root@db1.example.com uptime && does 0 "cmd '\''pg_dump -Fc web'\'' --reason" handseal why root@db1.example.com "pg_dump -Fc web" &&
	does 0 "user me@x --host y --cmd .CMD. --reason" handseal why me@x@y && does 0 . handseal why --json &&
	is out "\$j->{refused}{code} eq q(user-outside-scope) && \$j->{refused}{time}{unix} == 1700000000 && \$j->{refused}{host} eq q(db1.example.com)" &&
	is out "\$j->{next} =~ /^handseal request --user root / && !defined \$j->{permitted}" && does 0 . handseal why root@db1.example.com --json uptime &&
	is out "\$j->{next} =~ /--cmd uptime --reason/"
'
test_expect_success 'why: a command that is not plain words is told' '
	does 0 "cannot be asked for as it is: .*, at its byte 8" handseal why root@db1.example.com "uptime | tee x" && grep "cmd .CMD. --reason" out
'
test_expect_success 'why: what can be pasted is quoted, and what is not known stands in capitals' '
	hostile seat_why_user && does 0 . handseal why && sed -n "s/^Ask for it:  handseal request/set --/p" out >line &&
	( . ./line && test "$2" = "ro ot\$(id)'\''" && test "$4" = HOST && test "$6" = CMD && test "$8" = WHY && test $# = 8 ) &&
	hostile seat_why_ns && does 0 "refused: a signature in git: the scope does not allow this (outside-scope)$" handseal why &&
	grep -F "Ask for it:  handseal request --ns git --reason '\''WHY'\''" out && hostile seat_why_little && does 0 "refused: the scope does" handseal why &&
	grep "^          Ask for it:  rm$" out && ! grep "^Ask" out
'
test_expect_success 'why: a host key that is known under no name is for a person to check' '
	hostile seat_why_key && does 0 "^The server.s key is SHA256:A\{43\}, and is known here under no name" handseal why &&
	grep "^A person should check that fingerprint" out && grep "refused: deploy@?: " out && grep "user deploy --host HOST --cmd" out &&
	does 0 . handseal why --json && is out "\$j->{refused}{fingerprint} eq q(SHA256:) . q(A) x 43"
'
test_expect_success 'rule10: why: nothing raw, no line that is not ours, and no nonsense' '
	hostile seat_why_escapes && does 0 "e?\[2J?Ask for it:  rm" handseal why && test "$(grep -c "^Ask for it:" out)" = 1 &&
	grep "^Ask for it:  handseal request --user USER --host HOST --cmd" out && does 0 . handseal why --json &&
	is out "\$j->{next} !~ /rm/" && for how in seat_why_codeless seat_why_timeless seat_why_left seat_why_short; do
		hostile $how && does 1 "(malformed)" handseal why && does 1 . handseal why --json || { echo "# $how" && return 1; }
	done && hostile seat_why_no && does 3 "too much waits (busy)" handseal why
'
test_expect_success 'why: nothing was refused' '
	hostile seat_usual && does 0 "^Nothing was refused on this seat\.$" handseal why && grep "ssh -v" out && does 0 . handseal why --json &&
	is out "!defined \$j->{refused} && !defined \$j->{permitted} && !defined \$j->{next}"
'
test_expect_success 'why: nothing was refused of that, but may the seat do it?' '
	does 0 "^Nothing was refused on this seat for deploy@web1\.$" handseal why deploy@web1 uptime && grep "^Your seat may do that: deploy@web1 web2: uptime$" out &&
	grep "ssh -v" out && ! grep "^Ask\|^It takes" out && does 0 "^Your seat may do that: deploy@web1 web2: uptime$" handseal why deploy@web1 && grep "^It takes a command: .*(command-outside-scope)$" out &&
	does 0 "^Your seat may do that: deploy@db1: pg_dump -Fc web$" handseal why deploy@db1 pg_dump -Fc web &&
	does 0 "^Your seat may not do that: .*(command-outside-scope)$" handseal why deploy@web1 id && grep -F "Ask for it:  handseal request --user deploy --host web1 --cmd id --reason " out &&
	does 0 "(host-outside-scope)$" handseal why deploy@web3 uptime && does 0 "(user-outside-scope)$" handseal why root@web1 &&
	does 0 "(command-outside-scope)$" handseal why deploy@web1 "uptime;id" && grep "cannot be asked for as it is" out &&
	does 0 . handseal why deploy@web1 --json uptime && is out "\$j->{permitted} && !defined \$j->{code} && !defined \$j->{next} && !defined \$j->{shell}" &&
	does 0 . handseal why deploy@web1 --json && is out "\$j->{permitted} && defined \$j->{shell} && !\$j->{shell}" &&
	does 0 . handseal why --json deploy@web1 id && is out "!\$j->{permitted} && \$j->{code} eq q(command-outside-scope) && \$j->{next} =~ /--cmd id /" &&
	hostile seat_spent && does 0 "no uses are left .*(uses-spent)$" handseal why deploy@web1 uptime && hostile seat_ended &&
	does 0 "(expired)$" handseal why deploy@web1 uptime && hostile seat_unread && does 0 "(scope-invalid)$" handseal why deploy@web1 uptime &&
	hostile seat_two && does 1 "(malformed)" handseal why deploy@web1 uptime
'
test_expect_success 'why: off a seat, and what it does not take' '
	honest && does 1 "this is no seat; below handseal run it is" handseal why && does 1 "this is no seat" handseal why deploy@web1 --json &&
	is out "\$j->{error}{exit} == 1" && hostile tree_usual && does 1 "this is no seat" handseal why && hostile unknown && does 1 "this is no seat" handseal why &&
	for a in web1 @web1 deploy@ "" "$(printf "a@b\033")"; do usage why "$a" || { echo "# $a" && return 1; }; done && usage why --nonesuch && usage why a@b --nonesuch
'

test_expect_success 'rule10: why: answers that are no answer' '
	while read -r how text; do
		hostile $how && does 1 "$text" handseal why || { echo "# $how" && return 1; }
	done <<-\EOF
	silent did not answer
	truncated in the middle of its answer
	over_limit (too-long)
	empty (malformed)
	twice (trailing-bytes)
	other_name (malformed)
	EOF
'

# ---- list

test_expect_success 'list: the seats as a tree, then the certificates that belong to none' '
	hostile tree_usual && does 0 "^ID " handseal list && sed "s/[0-2][0-9]:[0-5][0-9] /HH:MM /" out | head -n 5 >tree && cat >want <<-\EOF &&
	ID          AGENT     MAY                            ENDS          USED   LAST
	7c2e.3      claude    deploy@web1 web2: uptime       HH:MM 3h41    12/*   40 s
	├ 7c2e.9    tests     deploy@web1 web2: uptime       HH:MM  16m    3/10   5 min
	└ 7c2e.3+   (touch)   deploy@db1: pg_dump -Fc web    HH:MM   8m    0/1    never

	EOF
	sed "s/[0-9][0-9] s$/40 s/" tree >got && test_cmp want got && sed 1,5d out | grep "^0123.2  *evil" && ! grep "^0123.1 " out
'
test_expect_success 'list: without UTF-8 the tree is ASCII' '
	LC_ALL=C does 0 "^|-7c2e.9    tests " handseal list && grep "^\`-7c2e.3+   (touch) " out && ! LC_ALL=C grep -a "[^[:print:][:space:]]" out
'
test_expect_success 'list --json: all of both' '
	does 0 . handseal list --json && is out "@{\$j->{seats}} == 3 && \$j->{seats}[2]{parent} eq q(7c2e000000000000.3) && !defined \$j->{seats}[0]{parent}" &&
	is out "\$j->{seats}[1]{more} && \$j->{seats}[1]{touched} && \$j->{seats}[1]{uses_left} == 1 && !defined \$j->{seats}[0]{uses_left}" &&
	is out "\$j->{seats}[0]{used} == 12 && \$j->{seats}[0]{pid} == 4711 && \$j->{seats}[0]{scope} =~ /^cmd uptime\$/m && \$j->{seats}[0]{last}{unix} > 0" &&
	is out "@{\$j->{certificates}} == 2 && \$j->{certificates}[0]{seat} eq q(7c2e000000000000.3) && !defined \$j->{certificates}[1]{seat}"
'
test_expect_success 'list: pages, none, a parent that is not there, the deepest that there may be, odd numbers' '
	hostile tree_pages && does 0 "^  └ 7c2e.6 " handseal list && grep "^└ 7c2e.4 " out && hostile tree_none && does 0 "^0123.2 " handseal list && ! grep LAST out &&
	does 0 . handseal list --json && is out "!@{\$j->{seats}}" && hostile tree_orphan && does 0 "^7c2e.5 " handseal list && grep "^└ 7c2e.6 " out &&
	grep "^7c2e.7 " out && does 0 . handseal list --json && is out "\$j->{seats}[0]{parent} eq q(7c2e000000000000.2)" && hostile tree_deepest &&
	does 0 "^ \{30\}└ 7c2e.17 " handseal list && hostile tree_scope && does 0 "^7c2e.1 .* a scope that cannot be read" handseal list &&
	does 0 . handseal list --json && hostile tree_odd && does 0 "18446744073709551615/?" handseal list && grep "ended" out &&
	does 0 . handseal list --json && hostile seat_usual && does 0 "^└ 7c2e.3+" handseal list
'
test_expect_success 'rule10: seats that cannot be: exit 1, and nothing of them shown' '
	for how in tree_deep tree_self tree_circle tree_back tree_twice tree_part tree_part_first tree_part_page tree_again tree_empty \
		tree_count tree_left tree_id tree_parent tree_agent tree_bool tree_long; do
		hostile $how && does 1 "list@handseal.alt is malformed (malformed)" handseal list && test ! -s out && does 1 . handseal list --json &&
		is out "\$j->{error}{code} eq q(malformed)" || { echo "# $how" && return 1; }
	done && hostile tree_many && does 1 "more than 4096 seats" timeout 60 handseal list && test ! -s out
'
hs_done
