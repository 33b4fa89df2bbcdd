#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: a request under a session gives a certificate over the requester's own key, inside
# what was touched, counted and recorded; every other is refused with its code and in words, on record.
test_description='handseald: requests for certificates'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl

# scope FILE LINE...: a text with these lines
scope() {
	scope_=$1
	shift
	printf '%s\n' "$@" >$scope_
}
scope ceiling "max-ttl 900" "max-uses *" "" "addr *" "cmd uptime" "cmd echo ..." "host *.example.com" "user deploy"
scope inside "max-ttl 60" "max-uses *" "" "addr 10.0.0.0/8" "cmd uptime" "host web1.example.com" "user deploy"

daemon() {
	hs_stop handseald && rm -f "$HS_TMP/handseald.log" &&
		hs_spawn handseald env "$@" "$HS_BIN/handseald" -D -a "$HANDSEAL_SOCK" &&
		hs_wait_for "grep -qs \"serving on\" $HS_TMP/handseald.log || ! hs_alive handseald" 10 &&
		hs_alive handseald
}
# open_ FILE TTL: a session under that ceiling, for that long; its id in $session, its end in $end
open_() {
	agentctl open $1 $2 >opened && session=$(sed -n 's/^opened //p' opened) &&
		end=$(sed -n 's/^end //p' opened) && test "$session"
}
# no CODE TEXT ARG...: rawrequest with these is refused, in these words, with a remedy, and that is on record
no() {
	no_code=$1 no_text=$2
	shift 2
	: >out && before=$(wc -l <"$log") &&
		test_expect_code 3 "$HS_SRC/tests/lib/rawrequest" session=$session scope=inside key=k.pub "$@" >out 2>err &&
		grep -q -x "refused $no_code" out && grep -q "^sentence .*$no_text" out &&
		{ grep -q "^remedy ." out || test $no_code = internal; } &&
		tail -n +$((before + 1)) "$log" | grep -q "\"event\":\"refuse\".*\"code\":\"$no_code\"" ||
		{ cat out err && false; }
}
yes_() { "$HS_SRC/tests/lib/rawrequest" session=$session scope=inside key=k.pub sign=k "$@"; }
status() { agentctl status >st && grep -q -x "$1 $2" st || { cat st && false; }; }

test_expect_success 'a key, a daemon, keys of agents' '
	late_start && hs_softkey_start blue && hs_softkey blue auto on && HANDSEAL_SOCK=$HS_TMP/run/a.sock &&
	export HANDSEAL_SOCK && daemon A=1 && handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	ssh-keygen -q -t ed25519 -N "" -f k && ssh-keygen -q -t ed25519 -N "" -f other &&
	ssh-keygen -q -t ecdsa -N "" -f ec && ssh-keygen -q -t rsa -b 2048 -N "" -f rsa
'
session=
test_expect_success 'rule1: no session, no certificate' '
	no no-session "no session is open" sign=k && grep "^remedy .*handseal open" out
'
test_expect_success 'a request with a proof that ssh-keygen made gives a certificate over that key' '
	open_ ceiling 600 && yes_ agent=claude reason="to look" out=c.pub >out &&
	grep -x "issued $session.1" out && ssh-keygen -L -f c.pub >L &&
	grep "Public key: ED25519-CERT $(ssh-keygen -lf k.pub | cut -d" " -f2)" L &&
	grep "Key ID: \"handseal:$session:1:claude\"" L && grep "Serial: 1$" L &&
	sed -n "/Principals/,/Critical/p" L | grep "^ *:handseal$"
'
test_expect_success 'rule4: it is in the log, whole but for its bytes' '
	grep "\"event\":\"issue\".*\"agent\":\"claude\",\"session\":\"$session\",\"reason\":\"to look\"" "$log" |
	grep "\"scope\":\"max-ttl 60.nmax-uses \*.n.naddr 10.0.0.0/8.ncmd uptime" |
	grep "\"serial\":\"1\".*\"key\":\"$(ssh-keygen -lf k.pub | cut -d" " -f2)\""
'
test_expect_success 'serials count; the same key may have several' '
	yes_ >out && grep -x "issued $session.2" out && status issued 2 && status live 2 &&
	agentctl list >out && grep -x "items 2" out && agentctl list $session.2 >out && grep -x "items 1" out &&
	test_expect_code 3 agentctl list $session.3 >out && grep "^refused not-found" out &&
	test_expect_code 3 agentctl list 0000000000000000.1 >out && grep "^refused not-found" out
'

# ---- the key and its proof

test_expect_success 'keys of other types' '
	no key-type "only an ssh-ed25519 key" key=ec.pub sign=ec &&
	no key-type "only an ssh-ed25519 key" key=rsa.pub sign=rsa &&
	no malformed "not a public key" key=hex: && no malformed "not a public key" key=hex:00 &&
	no malformed "not a public key" key=hex:0000000b7373682d65643235353139 &&
	no malformed "not a public key" key=hex:0000000b7373682d65643235353139000000020102 &&
	no key-type "" key=c.pub sign=k
'
# the session key and the root as blobs, from what the log holds
grantkeys='
	use MIME::Base64;
	while (<>) { $g = decode_base64($1) if /"event":"touch".*"grant":"([^"]*)"/ }
	my ($pub) = unpack "x![1] N/a* N/a* N/a*", $g;
	my @f = unpack "N/a* N/a* N/a* Q> N N/a* N/a* Q> Q> N/a* N/a* N/a* N/a*", $g;
	printf "session=hex:%s\nroot=hex:%s\n", unpack("H*", pack("N/a* N/a*", "ssh-ed25519", $f[2])),
		unpack("H*", $f[12]);'
test_expect_success 'the session key, the root, any security key' '
	perl -e "$grantkeys" "$log" >keys && sk=$(sed -n "s/^session=//p" keys) && rk=$(sed -n "s/^root=//p" keys) &&
	no key-refused "session key" key=$sk sign=k && no key-refused "security key" key=$rk sign=k
'
test_expect_success 'no proof, or one that is none' '
	no no-proof "not signed by the key" && no no-proof "" proof=hex:00 &&
	no no-proof "" proof=hex:0000000b7373682d6564323535313900000040$(printf "%0128d" 0) &&
	no no-proof "" sign=other && no no-proof "" key=other.pub sign=k
'
test_expect_success 'a proof of another request: session, scope, agent, reason, key, protocol' '
	grep -v "^cmd" inside >wider && echo "cmd *" >>wider &&
	no no-proof "" sign=k said-session=0123456789abcdef && no no-proof "" sign=k said-session= &&
	no no-proof "" sign=k said-scope=ceiling && no no-proof "" sign=k said-agent=other &&
	no no-proof "" sign=k said-agent= && no no-proof "" sign=k said-reason=x &&
	no no-proof "" sign=k said-key=other.pub && no no-proof "" sign=k direct=1 said-direct=0 &&
	no no-proof "" sign=k said-direct=1 && no no-proof "" sign=k ns=git &&
	no no-proof "" sign=k hash=sha256 && status issued 2
'
test_expect_success 'agents: names as the page has them, none is unknown' '
	yes_ agent= out=u.pub >out && ssh-keygen -L -f u.pub | grep "Key ID: .*:unknown\"" &&
	for a in A .x -x "a b" "a	b" "a
b" a/b aé "$(printf "%033d" 0)"; do no malformed "name is not valid" sign=k agent="$a" || return 1; done &&
	yes_ agent=$(printf "%032d" 0) >out && yes_ agent=a.b_c-9 >out
'
test_expect_success 'reasons: one line that can be shown' '
	no too-long "201 bytes" sign=k reason=$(printf "%0201d" 0) && yes_ reason="$(printf "%0200d" 0)" >out &&
	no malformed "byte 2" sign=k reason="a
b" && no malformed "byte 3" sign=k reason="$(printf "ab\033[2J")" &&
	no malformed "" sign=k reason="$(printf "a\342\200\256b")" && no malformed "" sign=k reason="$(printf "\377")"
'

# ---- the scope

# invalid LINE COLUMN TEXT LINES...: a scope of these lines is refused, there
invalid() {
	line=$1 column=$2 text=$3
	shift 3
	scope bad "$@" && no scope-invalid "line $line, column $column: .*$text" sign=k scope=bad
}
test_expect_success 'rule2: an empty user, and lines that lack their value' '
	invalid 6 6 "no value" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "user " &&
	invalid 6 6 "no value" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "user" &&
	invalid 4 1 "user" "max-ttl 60" "max-uses *" "" "addr *" "cmd uptime" "host web1.example.com"
'
test_expect_success 'ttl 0, negative, 2^63 and beyond, none' '
	for t in 0 -1 9223372036854775808 18446744073709551616 31622401 1e3 0x10 +5 01 "5 m" ""; do
		invalid 1 "[0-9]*" "" "max-ttl $t" "max-uses *" "" "addr *" "host web1.example.com" "user deploy" || return 1
	done &&
	invalid 2 1 "max-ttl" "max-uses *" "" "addr *" "host web1.example.com" "user deploy"
'
test_expect_success 'unknown, repeated and missing keys, with line and column' '
	invalid 4 1 "colour" "max-ttl 60" "max-uses *" "" "colour red" "addr *" &&
	invalid 2 1 "max-ttl" "max-ttl 60" "max-ttl 60" "max-uses *" "" "addr *" &&
	invalid 3 1 "max-uses" "max-ttl 60" "max-uses 1" "max-uses 1" "" "addr *" &&
	invalid 2 1 "max-uses" "max-ttl 60" "" "addr *" "host web1.example.com" "user deploy" &&
	invalid 5 1 "max-ttl" "max-ttl 60" "max-uses *" "" "addr *" "max-ttl 60" &&
	invalid 4 1 "user" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" &&
	: >bad && no scope-invalid "scope, line 1, column 1" sign=k scope=bad &&
	head -c 16385 /dev/zero | tr "\0" a >bad && no too-long "" sign=k scope=bad
'
test_expect_success 'open refuses the same texts, and lengths that are none' '
	scope bad "max-ttl 0" "max-uses *" "" "addr *" && agentctl close >out &&
	test_expect_code 3 agentctl open bad 60 >out && grep "^refused scope-invalid" out &&
	grep "^sentence scope, line 1, column 9" out &&
	for t in 0 28801 9223372036854775808 18446744073709551615; do
		test_expect_code 3 agentctl open ceiling $t >out && grep "^refused usage" out &&
			grep "1 to 28800 seconds, not $t" out || return 1
	done &&
	test_expect_code 3 agentctl open ceiling 60 "$(printf "%0201d" 0)" >out && grep "^refused too-long" out &&
	test_expect_code 3 agentctl open ceiling 60 "$(printf "a\tb")" >out && grep "^refused malformed" out &&
	status pending 0 && status open 0 && open_ ceiling 600
'
# outside KEY-AND-VALUE LINES...: that scope is refused, which names what is missing
outside() {
	text=$1
	shift
	scope wide "$@" && no outside-ceiling "$text" sign=k scope=wide
}
test_expect_success 'rule1, rule3: outside the ceiling in each key' '
	outside "user root" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "user root" &&
	outside "user \*" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "user *" &&
	outside "host example.com" "max-ttl 60" "max-uses *" "" "addr *" "host example.com" "user deploy" &&
	outside "host \*" "max-ttl 60" "max-uses *" "" "addr *" "host *" "user deploy" &&
	outside "cmd \*" "max-ttl 60" "max-uses *" "" "addr *" "cmd *" "host web1.example.com" "user deploy" &&
	outside "cmd uptime -p" "max-ttl 60" "max-uses *" "" "addr *" "cmd uptime -p" "host a.example.com" "user deploy" &&
	outside "permit pty" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "permit pty" "user deploy" &&
	outside "ns git" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "ns git" "user deploy" &&
	outside "cap read:x" "max-ttl 60" "max-uses *" "" "cap read:x" &&
	outside "max-ttl 901" "max-ttl 901" "max-uses *" "" "addr *" "host web1.example.com" "user deploy" &&
	outside "depth 1" "depth 1" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "user deploy" &&
	grep "^remedy ask for --depth 0" out &&
	outside "" "max-ttl 60" "max-uses *" "" "addr *" "host web1.example.com" "user deploy" "" "addr *" \
		"host web2.example.com" "user root" && status issued 0
'
test_expect_success 'the ceiling itself, and every command that it allows, are inside' '
	yes_ scope=ceiling >out && scope narrow "max-ttl 900" "max-uses 5" "" "addr 10.1.2.3/32" \
		"cmd echo a b" "host x.y.example.com" "user deploy" && yes_ scope=narrow >out && status issued 2
'

# ---- uses

test_expect_success 'uses are counted: reserved from what was touched, and no refusal spends any' '
	agentctl close >out && sed "s/^max-uses.*/max-uses 3/" ceiling >three && open_ three 600 &&
	for n in 1 2 3 4; do sed "s/^max-uses.*/max-uses $n/" inside >u$n; done &&
	no outside-ceiling "3 uses in all" sign=k && no outside-ceiling "3 uses in all" sign=k scope=u4 &&
	yes_ scope=u2 >out && no uses-spent "no uses are left" sign=k scope=u2 &&
	grep "^remedy ask for fewer uses" out && no no-proof "" scope=u1 &&
	no malformed "" sign=k scope=u1 agent=A && yes_ scope=u1 >out &&
	no uses-spent "no uses are left" sign=k scope=u1 && grep "^remedy .*have a person open" out &&
	status issued 2
'
test_expect_success 'uses are counted once, however many ask at the same time' '
	agentctl close >out && sed "s/^max-uses.*/max-uses 20/" ceiling >twenty && open_ twenty 600 &&
	for i in 1 2 3 4 5 6 7 8; do
		for j in 1 2 3 4 5; do agentctl request u1 a$i s$i || true; done >r$i 2>&1 &
		p="$p $!"
	done && wait $p && test "$(cat r? | grep -c "^issued")" = 20 &&
	test "$(cat r? | grep -c "^refused uses-spent")" = 20 && status issued 20 &&
	test "$(cat r? | grep "^issued" | sort -u | wc -l)" = 20
'

# ---- ends

test_expect_success 'rule3: no certificate ends after its session; both are over when they should be' '
	agentctl close >out && in_time 4 "open_ ceiling \$life && yes_ scope=ceiling out=c.pub >out && grep -x \"end \$end\" out &&
		yes_ scope=ceiling >out && status open 1" "agentctl close >out || hs_wait_for \"agentctl status | grep -q -x \\\"open 0\\\"\" 5" &&
	hs_wait_for "test \$(date +%s) -ge $end" 40 && hs_wait_for "agentctl status | grep -q -x \"open 0\"" 10 && took 3000 ${end}000 && no no-session "" sign=k session= said-session= &&
	agentctl list >out && grep -x "items 0" out &&
	hs_wait_for "grep \"\\\"event\\\":\\\"expire\\\".*\\\"session\\\":\\\"$session\\\".*\\\"count\\\":2\" \"$log\"" 5
'
test_expect_success 'certificates that have ended are not listed' '
	sed "s/^max-ttl.*/max-ttl 1/" inside >brief && open_ ceiling 600 && yes_ scope=brief >out &&
	yes_ >out && hs_wait_for "agentctl list | grep -x \"items 1\"" 5 && status live 1 && status issued 2 &&
	test_expect_code 3 agentctl list $session.1 >out && grep "^refused not-found" out
'
test_expect_success 'close: told what is still out there, then nothing more is signed' '
	agentctl close >out && grep -x "closed $session" out && grep -x "live 1" out &&
	no no-session "" sign=k session= said-session= && test_expect_code 3 agentctl close >out && grep "^refused no-session" out &&
	grep "\"event\":\"close\".*\"session\":\"$session\".*\"count\":2" "$log"
'
test_expect_success 'a proof for the session before is none for the next' '
	before=$session && open_ ceiling 600 && no no-proof "" sign=k said-session=$before &&
	test "$before" != "$session"
'

# ---- the log

test_expect_success 'rule4: another file in its place: refused, nothing left counted, and it goes on in a new one' '
	agentctl close >out && open_ three 600 && hs_wait_for "tail -n 1 $log | grep -q checkpoint" 10 && mv "$log" kept && cp kept "$log" &&
	test_expect_code 3 agentctl request u3 a s >out && grep "^refused not-recorded" out &&
	grep "^remedy see that the audit log" out && status issued 0 && status live 0 &&
	agentctl list >out && grep -x "items 0" out && hs_wait_for "agentctl status | grep -x \"log_ok 1\"" 10 &&
	agentctl request u3 a s >out && grep "^issued $session" out &&
	grep "\"event\":\"break\".*was moved away" "$log" && grep "\"event\":\"voided\".*\"count\":1" "$log" &&
	cmp kept "$(echo "$(dirname "$log")"/audit.odd.*)" && agentctl close >out && hs_stop handseald
'
test_expect_success 'rule4: the disk is full: refusals, and what was lost is counted when there is room' '
	d=$HS_TMP/small && mkdir $d && mount -t tmpfs -o size=64k,mode=0700 tmpfs $d &&
	daemon XDG_STATE_HOME=$d && slog=$d/handseal/audit.jsonl && open_ three 600 &&
	{ head -c 65536 /dev/zero >$d/fill; true; } 2>/dev/null &&
	{ for i in $(seq 60); do agentctl request bad a s || true; done >many; } &&
	grep "^refused not-recorded" many && test_expect_code 3 agentctl request u3 a s >out &&
	grep "^refused not-recorded" out && status issued 0 && status log_ok 0 &&
	test_expect_code 3 agentctl close >out && grep "^refused not-recorded" out && status open 0 &&
	test_expect_code 3 agentctl open ceiling 60 >out && grep "^refused not-recorded" out && status pending 0 &&
	rm $d/fill && hs_wait_for "agentctl status | grep -x \"log_ok 1\"" 10 && open_ three 600 && agentctl request u3 a s >out &&
	grep "^issued $session" out && grep "\"event\":\"voided\".*\"count\":[1-9]" "$slog" &&
	perl -MDigest::SHA=sha256_hex -ne "
		last if /^\0/;
		/^\{\"seq\":(\d+),\"prev\":\"([0-9a-f]{64})\",/ or die \"line \$.\";
		\$1 == \$. && \$2 eq (\$head // \"0\" x 64) or die \"chain \$.\";
		\$head = sha256_hex(\$_);" "$slog" && hs_stop handseald && umount $d
'
hs_done
