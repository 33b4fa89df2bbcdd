#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what `handseal` does on the seats of the real daemon: asks for what the seat has and for more, fetches
# it later, says what was refused, and shows the seats. What a seat signs is seat.t's, a daemon that lies seatcli.t's.
test_description='the commands on real seats'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
. "$(dirname "$0")/../lib/ask.sh"
hs_ns "$0" "$@"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL

scope() { printf '%s\n' "depth $1" "max-ttl 900" "max-uses *" "" "addr *" "cmd uptime" "cmd id ..." "host web1.example.com" "user deploy" "" "ns git"; }
# seat NAME DEPTH AGENT: one on $HANDSEAL_SOCK, in the background; its socket in $seat, its id in $id
seat() {
	scope "$2" >"$1.scope" && rm -f "$HS_TMP/$1.log" "$HS_TMP/$1.in" && mkfifo "$HS_TMP/$1.in" &&
		hs_spawn "$1" sh -c 'exec seatctl make 0 "$@" <"$0"' "$HS_TMP/$1.in" "$PWD/$1.scope" "$3" why && eval "exec $4>$HS_TMP/$1.in" &&
		hs_wait_for "grep -qs '^seated' $HS_TMP/$1.log || ! hs_alive $1" 10 &&
		seat=$(sed -n 's/^socket //p' "$HS_TMP/$1.log") && id=$(sed -n 's/^id //p' "$HS_TMP/$1.log") && test -S "$seat" || { cat "$HS_TMP/$1.log" && false; }
}
short() { echo "$1" | sed 's/^\(....\)[^.]*/\1/'; }

test_expect_success 'a session, and a seat of it' '
	policy "Agent claude" "    Scope *" "Agent tests" "    Scope *" && hs_softkey_start blue && daemon && main=$HANDSEAL_SOCK && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && watched && hs_softkey blue touch-next &&
	timeout 30 handseal open --user deploy --host web1.example.com --cmd uptime --cmd "id ..." --ns git --depth 2 --ttl 1h && seat a 1 claude 7 &&
	a=$(short "$id") && aid=$id && aseat=$seat && HANDSEAL_SOCK=$aseat && does 0 "^open     until" handseal status && test "$(head -n 1 out)" = "seat     $a"
'
test_expect_success 'what it may do already is had at once, and told as it was asked' '
	does 0 "^Granted without a touch until [0-9: -]*: ssh deploy@web1.example.com .id -un.$" handseal request --user deploy --host web1.example.com --cmd "id -un" &&
	does 0 "until [0-9: -]*: sign git$" handseal request --ns git && does 0 . handseal request --user deploy --host web1.example.com --cmd uptime --agent other --json &&
	is out "\$j->{agent} eq q(claude) && !defined \$j->{code} && \$j->{next} eq q(ssh deploy@web1.example.com uptime)"
'
test_expect_success 'more costs a touch, and is the seat.s' '
	ask r --user deploy --host db1.example.com --cmd "pg_dump -Fc web" --uses 2 --reason "to see" && hs_softkey blue wait 10 && hs_softkey blue touch &&
	ends r 0 "^$code granted until [0-9: -]*: ssh deploy@db1.example.com .pg_dump -Fc web.$" && does 0 "^└ $a+  *(touch)  *deploy@db1.example.com: pg_dump -Fc web " handseal list &&
	grep "0/2  *never$" out && does 0 "^Granted without a touch until .*pg_dump" handseal request --user deploy --host db1.example.com --cmd "pg_dump -Fc web" --uses 1
'
test_expect_success 'not answered: wait fetches it by its code, on that seat alone' '
	does 7 "handseal wait [2-9A-Z]*  (until" handseal request --user root --host db1.example.com --cmd id --reason "to see" --wait 0 &&
	code=$(sed -n "s/^handseal: \([2-9A-Z]*\) not answered.*/\1/p" err) && does 7 "handseal wait $code  (until" handseal wait $code --wait 0 &&
	HANDSEAL_SOCK=$main && does 2 "^handseal: --key PUB says" handseal wait $code && HANDSEAL_SOCK=$aseat && hs_softkey blue wait 10 && hs_softkey blue touch &&
	does 0 "^$code granted until [0-9: -]*: ssh root@db1.example.com id$" handseal wait $code --wait 20s
'
test_expect_success 'a no, and what nobody may ask' '
	does 7 . handseal request --user root --host db1.example.com --cmd ls --reason "to see" --wait 0 && code=$(sed -n "s/^handseal: \([2-9A-Z]*\) not answered.*/\1/p" err) &&
	does 1 "^handseal: this is a seat: only the main socket does that" handseal decline $code && HANDSEAL_SOCK=$main && does 0 "declined" handseal decline $code &&
	HANDSEAL_SOCK=$aseat && does 4 "$code declined" handseal wait $code && does 3 "^handseal: not asked: .*(reason-missing)" handseal request --user root --host db2.example.com --cmd ls
'
test_expect_success 'only the main socket does that' '
	for c in "open --user a --host b --cmd c" close "policy show" "policy explain --user a --host b --cmd c" "request --scope x"; do
		does 1 "^handseal: this is a seat: only the main socket does that (unsupported)$" handseal $c || { echo "# $c" && return 1; }
	done && does 2 "leave out --key and -o" handseal request --user deploy --host web1.example.com --cmd uptime -o f
'
test_expect_success 'why: nothing yet, then a signature that was refused, and what would ask for it' '
	does 0 "^Nothing was refused on this seat" handseal why && does 0 "^Your seat may do that: deploy@web1.example.com: " handseal why deploy@web1.example.com id -un &&
	does 0 "^Your seat may do that: deploy@db1.example.com: pg_dump -Fc web$" handseal why deploy@db1.example.com pg_dump -Fc web &&
	does 0 "(host-outside-scope)$" handseal why deploy@web2.example.com && SSH_AUTH_SOCK=$aseat ssh-add -L >keys && head -n 1 keys >key.pub && echo text >text &&
	! SSH_AUTH_SOCK=$aseat ssh-keygen -Y sign -n file -f key.pub text 2>/dev/null && does 0 "refused: a signature in file: .*(outside-scope)$" handseal why &&
	grep -F "Ask for it:  handseal request --ns file --reason" out && HANDSEAL_SOCK=$main && does 1 "this is no seat; below handseal run it is" handseal why
'
test_expect_success 'list: seats below seats; on a seat what is its own' '
	HANDSEAL_SOCK=$aseat && seat b 0 tests 8 && b=$(short "$id") && HANDSEAL_SOCK=$main && does 0 "^$a  *claude " handseal list && grep "^├ $b  *tests " out && grep "^├ $a+  *(touch) " out &&
	grep "^└ $a+  *(touch) " out && does 0 . handseal list --json && is out "\$j->{seats}[0]{id} eq q($aid) && @{\$j->{seats}} == 4 && grep { (\$_->{seat} // q()) eq q($aid) } @{\$j->{certificates}}" &&
	HANDSEAL_SOCK=$seat && does 0 "^$b  *tests " handseal list && ! grep "$a" out && does 0 "^seat     $b$" handseal status && does 0 . handseal status --json && is out "\$j->{seat} eq q($id)"
'
test_expect_success 'they end' '
	HANDSEAL_SOCK=$main && echo end >&8 && hs_wait b 10 && echo end >&7 && hs_wait a 10 && does 0 . handseal list && ! grep LAST out && unwatched && hs_stop handseald
'
hs_done
