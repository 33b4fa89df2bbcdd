#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the commands of `handseal` do with the real daemon what their manual says, with
# the exit codes of it, and with a daemon that lies they believe nothing, write nothing, and show
# nothing raw.
test_description='the handseal command'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

dev=softkey:$HS_TMP/blue.sock
real=$XDG_RUNTIME_DIR/handseal/agent.sock
fake=$HS_TMP/fake.sock
log=$XDG_STATE_HOME/handseal/audit.jsonl
what="--user deploy --host web1.example.com"

# open_ ARG...: a session, touched
open_() {
	hs_softkey blue touch-next >/dev/null &&
		timeout 60 handseal open $what --cmd uptime --cmd 'echo ...' "$@"
}
# ask ARG...: a request inside that session
ask() { timeout 60 handseal request $what --cmd uptime "$@"; }
# for hs_spawn: a program with its signals as a terminal's, not as a background job's
fg_() { exec perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV or die' "$@"; }
all_commands() { # all_commands STATUS TEXT: of every command that talks to the daemon
	for all_c in "status" "list" "close" "show 1" "open $what --cmd uptime" "watch" "watch --json" \
		"request $what --cmd uptime -o all" "wait 4F7 --key asker.pub" "approve 4F7" "decline 4F7" \
		"policy show" "policy reload" "policy explain $what --cmd uptime" "open --scope deploy"; do
		does $1 "$2" handseal $all_c || { echo "# $all_c" && return 1; }
	done && test ! -e all
}

# ---- the command line

test_expect_success 'help and version' '
	does 0 "^usage: handseal COMMAND" handseal --help && does 0 "^  request " handseal help &&
	does 0 "^handseal [0-9]" handseal --version && does 2 "^usage: handseal COMMAND" handseal &&
	does 2 "there is no command opne" handseal opne &&
	does 2 "there is no command" handseal "$(printf "\033[2J")" &&
	for c in open request wait why watch approve decline list show status close policy enroll roots; do
		does 0 "^usage: handseal $c" handseal $c --help && test ! -s err &&
		does 2 "^usage: handseal $c" handseal $c --nonesuch || return 1
	done
'
test_expect_success 'arguments that no command takes' '
	for c in open list status close watch; do usage $c x || return 1; done &&
	usage request -o f x && usage show && usage show 1 2 && usage show --cert --json 1
'
test_expect_success 'a ttl that is zero, negative, huge or no time' '
	for t in 0 0s -1 -1h 9223372036854775808 18446744073709551616 28801 9h 1d 1w 1.5h "" h "1 h" 01 +1 \
		1hh 0x10; do
		usage open $what --cmd uptime --ttl "$t" || { echo "# $t" && return 1; }
	done &&
	for t in 0 -1 9223372036854775808 31622401 367d 1w "" h; do
		usage request $what --cmd uptime --ttl "$t" -o f || { echo "# $t" && return 1; }
		usage open $what --cmd uptime --max-ttl "$t" || { echo "# $t" && return 1; }
	done
'
test_expect_success 'scope options that are wrong are named' '
	bad() { does 2 "$1" handseal request --cmd uptime -o f "$@"; } &&
	opt() { o=$1; shift; does 2 "^handseal: $o[: ]" handseal request "$@" -o f; } &&
	opt --user --user "" --host a --cmd b && opt --user --user "a b" --host a --cmd b &&
	opt --user --user "$(printf "a\nuser root")" --host a --cmd b &&
	opt --user --user "$(printf "a\033[2J")" --host a --cmd b && opt --host --user a --host "" --cmd b &&
	opt --host --user a --host "A" --cmd b && opt --host --user a --host "a*" --cmd b &&
	opt --cmd --user a --host a --cmd "" && opt --cmd --user a --host a --cmd "a; b" &&
	opt --cmd --user a --host a --cmd "a \$b" && opt --cmd --user a --host a --cmd "a '\''b" &&
	opt --addr --user a --host a --cmd b --addr 300.1.1.1 &&
	opt --addr --user a --host a --cmd b --addr 10.0.0.1/8 &&
	opt --permit --user a --host a --cmd b --permit tty && opt --open --user a --host a --cmd b --open x &&
	opt --uses --user a --host a --cmd b --uses 0 && opt --uses --user a --host a --cmd b --uses -1 &&
	opt --uses --user a --host a --cmd b --uses 1 --uses 2 &&
	opt --depth --user a --host a --cmd b --depth 17 &&
	does 2 "nothing is asked for" handseal request -o f &&
	does 2 "host" handseal request --user a --cmd b -o f && test ! -e f
'
test_expect_success 'a scope text that is wrong is refused with file, line and column' '
	printf "max-ttl 15m\nmax-uses *\n\nuser deploy\nhost web1\naddr *\ncmd a;b\n" >scope &&
	does 2 "^handseal: scope:7:6: .*(scope-invalid)" handseal request --scope-file scope -o f &&
	does 2 "scope:7:6:" handseal open --scope-file scope &&
	printf "max-ttl 15m\nmax-uses *\n\nuser deploy\nhosts web1\naddr *\n" >scope &&
	does 2 "scope:5:1:" handseal request --scope-file scope -o f &&
	printf "max-ttl 15m\nmax-ttl 15m\nmax-uses *\n\nns git\n" >scope &&
	does 2 "scope:2:1:" handseal request --scope-file scope -o f --json && is out "\$j->{error}{code} eq q(scope-invalid)" &&
	printf "max-uses *\n\nns git\n" >scope && does 2 "max-ttl" handseal request --scope-file scope -o f &&
	printf "max-ttl 1m\nmax-uses *\n\nns \033[2J\n" >scope && does 2 "scope:4:" handseal open --scope-file scope &&
	does 2 "cannot be given" handseal request --scope-file scope --user a -o f &&
	does 2 "cannot be given" handseal request --scope-file scope --uses 1 -o f &&
	does 2 "cannot be given" handseal request --scope-file scope --ttl 1m -o f &&
	does 1 "(not-found)" handseal open --scope-file nonesuch && : >empty &&
	does 2 "empty:1:" handseal open --scope-file empty && head -c 20000 /dev/zero >long &&
	does 1 "(too-long)" handseal open --scope-file long && test ! -e f
'
test_expect_success 'request: where to, and who asks' '
	usage request $what --cmd uptime -o "" && usage wait 4F7 -o "" &&
	for a in "" A a/b "a b" 123456789012345678901234567890123 -a "$(printf "\033")"; do
		usage request $what --cmd uptime -o f --agent "$a" || { echo "# $a" && return 1; }
	done
'

# ---- without a daemon

test_expect_success 'a key that was asked for' 'ssh-keygen -q -t ed25519 -N "" -f asker'

test_expect_success 'no daemon: exit 6' '
	HANDSEAL_SOCK=$HS_TMP/none.sock && export HANDSEAL_SOCK && all_commands 6 "(no-daemon)" &&
	HANDSEAL_SOCK= && all_commands 6 "(no-daemon)" && HANDSEAL_SOCK=$PWD/scope && all_commands 6 "(no-daemon)" &&
	does 6 "eval \$(handseald)" handseal status && does 6 "(no-daemon)" handseal list --json &&
	is out "\$j->{error}{exit} == 6 && \$j->{error}{code} eq q(no-daemon)" &&
	does 6 "is not set" env -u HANDSEAL_SOCK -u XDG_RUNTIME_DIR handseal status
'
test_expect_success 'a socket that nobody serves any more, and a path that is too long' '
	perl -MIO::Socket::UNIX -e "IO::Socket::UNIX->new(Local => shift, Listen => 1) or die" "$HS_TMP/dead.sock" &&
	HANDSEAL_SOCK=$HS_TMP/dead.sock && all_commands 6 "(no-daemon)" &&
	HANDSEAL_SOCK=/$(printf "%107s" | tr " " x) && all_commands 1 "(too-long)"
'
test_expect_success 'a socket that another user serves: exit 6, and nothing is asked of it' '
	hostile foreign && all_commands 6 "served by uid 65534" && test ! -e "$fake.asked"
'

# ---- with the daemon

test_expect_success 'a key, and a daemon without a policy: what open names is the limit' '
	honest && hs_softkey_start blue && hs_softkey blue touch-next &&
	handseal enroll --device "$dev" --name blue --owner Anna >out && rm -f "$XDG_CONFIG_HOME/handseal/policy" &&
	hs_handseald_start && test "$HANDSEAL_SOCK" = "$real"
'
test_expect_success 'no session: exit 5 where one is needed' '
	for c in "close" "show 1" "request $what --cmd uptime -o f"; do
		does 5 "(no-session)" handseal $c && does 5 "(no-session)" handseal $c --json &&
		is out "\$j->{error}{exit} == 5" || return 1
	done && test ! -e f && does 0 "^No certificates" handseal list && does 0 "^closed  " handseal status &&
	does 0 . handseal status --json && is out "!\$j->{open} && !defined \$j->{session} && \$j->{roots} == 1"
'
test_expect_success 'open: shows what the touch signs, waits for it, says until when' '
	hs_spawn open handseal open $what --cmd uptime --ttl 1h --reason "the nightly deploy" &&
	hs_softkey blue wait 20 && grep "^One touch will sign this:" "$HS_TMP/open.log" &&
	grep "deploy" "$HS_TMP/open.log" && grep "the nightly deploy" "$HS_TMP/open.log" &&
	grep "Touch blue ([2-9A-Z][2-9A-Z][2-9A-Z])" "$HS_TMP/open.log" && ! grep touched "$HS_TMP/open.log" &&
	hs_softkey blue touch && hs_wait open 20 && test "$HS_STATUS" = 0 &&
	grep "touched\.$" "$HS_TMP/open.log" && grep "^Session [0-9a-f]\{4\} until .*SIMULATED" "$HS_TMP/open.log"
'
test_expect_success 'a second one is refused: exit 3' '
	does 3 "(session-open)" handseal open $what --cmd uptime
'
test_expect_success 'status tells of it, in words and in JSON' '
	does 0 "^open     until " handseal status && grep "touch of blue at .*, no PIN" out &&
	grep SIMULATED out && grep "uptime" out && does 0 . handseal status --json &&
	is out "\$j->{open} && \$j->{session}{root} eq q(blue) && \$j->{session}{simulated} && !\$j->{session}{verified}" &&
	is out "\$j->{session}{end}{unix} - \$j->{session}{opened}{unix} <= 3600 && \$j->{log}{writable}"
'
test_expect_success 'request: a new pair and its certificate, for whom and what was asked' '
	does 0 "^[0-9a-f]\{4\}\.1 until " handseal request $what --cmd uptime --agent tests --reason why -o job &&
	grep "^Next:  ssh -i job deploy@web1.example.com uptime" out && test "$(stat -c %a job)" = 600 &&
	test "$(stat -c %a job.pub)" = 644 && test "$(stat -c %a job-cert.pub)" = 644 &&
	ssh-keygen -y -f job >pub && cut -d" " -f1,2 pub >a && cut -d" " -f1,2 job.pub >b && test_cmp a b &&
	ssh-keygen -L -f job-cert.pub >cert && grep "ssh-ed25519-cert-v01@openssh.com user certificate" cert &&
	grep "Key ID: \"handseal:[0-9a-f]*:1:tests\"" cert && grep ":handseal" cert && grep "Serial: 1" cert
'
test_expect_success 'nothing that is there is overwritten, and nothing else is left' '
	for f in n n.pub n-cert.pub; do
		echo mine >$f && does 1 "never overwritten" ask -o n && test "$(cat $f)" = mine &&
		test "$(ls n*)" = $f && rm $f && ln -s /nonexistent $f && does 1 "never overwritten" ask -o n &&
		test "$(ls n*)" = $f && rm $f || return 1
	done && does 1 "cannot write" ask -o nowhere/n && mkdir dir && does 1 . ask -o dir
'
test_expect_success 'in JSON' '
	does 0 . ask -o json --agent tests --json && is out "\$j->{agent} eq q(tests) && \$j->{identity} eq q(json)" &&
	is out "\$j->{id} =~ /^[0-9a-f]{16}\\.\\d+\$/ && \$j->{certificate} eq q(json-cert.pub)" &&
	is out "\$j->{end}{unix} > time && \$j->{end}{unix} <= time + 901 && \$j->{next} =~ /^ssh -i json /"
'
test_expect_success '--key: the private key beside it signs; its older certificate is replaced' '
	ssh-keygen -q -t ed25519 -N "" -f own && does 0 . ask --key own.pub && cp own-cert.pub first &&
	does 0 . ask --key own.pub && ! cmp -s first own-cert.pub && does 0 . ask --key own.pub -o elsewhere &&
	grep "CertificateFile=elsewhere" out && ssh-keygen -L -f elsewhere >/dev/null &&
	does 1 "not overwritten" ask --key own.pub -o own && does 1 "not overwritten" ask --key own.pub -o job-cert.pub &&
	ssh-keygen -y -f own >pub
'
test_expect_success '--key: an ssh-agent signs where the file is encrypted or away' '
	eval "$(ssh-agent -s)" >/dev/null && ssh-keygen -q -t ed25519 -N "" -f held && ssh-add -q held && rm held &&
	does 0 . ask --key held.pub && ssh-keygen -L -f held-cert.pub >/dev/null &&
	ssh-keygen -q -t ed25519 -N secret -f locked && does 1 "(no-proof)" ask --key locked.pub &&
	grep "is encrypted" err && test ! -e locked-cert.pub && ssh-keygen -q -p -P secret -N "" -f locked &&
	ssh-add -q locked && ssh-keygen -q -p -P "" -N secret -f locked && does 0 . ask --key locked.pub &&
	ssh-add -q -D && does 1 "(no-proof)" ask --key held.pub --json && is out "\$j->{error}{code} eq q(no-proof)" &&
	kill $SSH_AGENT_PID && hs_wait_for "! hs_running_ $SSH_AGENT_PID" 10 &&
	unset SSH_AGENT_PID SSH_AUTH_SOCK && does 1 "SSH_AUTH_SOCK is not set" ask --key held.pub
'
test_expect_success '--key: a key of another type, another key beside it, no key' '
	ssh-keygen -q -t ecdsa -N "" -f ec && does 1 "(key-type)" ask --key ec.pub && test ! -e ec-cert.pub &&
	ssh-keygen -q -t ed25519 -N "" -f mixed && cp own mixed && does 1 "it is another key" ask --key mixed.pub &&
	does 1 "give the .pub" ask --key own && does 1 "(not-found)" ask --key nonesuch.pub &&
	does 1 "(key-type)\|(malformed)" ask --key own-cert.pub
'
test_expect_success 'outside the ceiling: exit 3, naming what is missing, and nothing written' '
	does 3 "(outside-ceiling)" handseal request --user root --host web1.example.com --cmd uptime -o f &&
	grep root err && does 3 "(outside-ceiling)" handseal request $what --cmd id -o f &&
	does 3 "(outside-ceiling)" handseal request $what --cmd uptime --permit pty -o f &&
	does 3 "(outside-ceiling)" ask --ttl 2h -o f --json && is out "\$j->{error}{exit} == 3" && test ! -e f
'
test_expect_success 'a reason that may not be shown, or is too long: exit 3' '
	does 3 "(malformed)" ask --reason "$(printf "a\nb")" -o f &&
	does 3 "(too-long)" ask --reason "$(printf "%201s" | tr " " x)" -o f && test ! -e f
'
test_expect_success 'list: a line each, or JSON' '
	does 0 "^ID  *AGENT  *MAY  *ENDS" handseal list && grep "^[0-9a-f]\{4\}\.1  *tests  *deploy@web1" out &&
	does 0 . handseal list --json && is out "\$j->{certificates}[0]{agent} eq q(tests)" &&
	is out "\$j->{session_end}{unix} > time && \$j->{certificates}[0]{scope} =~ /^cmd uptime\$/m" &&
	is out "\$j->{certificates}[0]{exe} =~ m{/handseal\$} && \$j->{certificates}[0]{pid} > 0"
'
test_expect_success 'show: by serial or by session and serial; in words, JSON, as a line' '
	does 0 "^agent    tests" handseal show 1 && grep "^touch    blue SHA256:.*Anna, SIMULATED" out &&
	grep "3 signatures good" out && session=$(sed -n "s/^id  *\(.*\)\.1\$/\1/p" out) && cp out one &&
	does 0 . handseal show $session.1 && sed "s/ ([^)]*left)//" one >a && sed "s/ ([^)]*left)//" out >b &&
	test_cmp a b && does 0 . handseal show "$(echo $session | cut -c1-4).1" &&
	does 0 . handseal show 1 --json && is out "\$j->{touch}{root} eq q(blue) && \$j->{touch}{simulated}" &&
	does 0 . handseal show 1 --cert && cut -d" " -f1,2 out >a && cut -d" " -f1,2 job-cert.pub >b && test_cmp a b
'
test_expect_success 'show: IDs of nothing' '
	does 1 "(not-found)" handseal show 9999 && does 1 "(not-found)" handseal show 9999 --json &&
	is out "\$j->{error}{exit} == 1" && does 1 "(not-found)" handseal show 0000000000000000.1 &&
	for i in 0 -1 x 01 .1 abc.1 1. abcd. abcd.0 abcd.x 18446744073709551616 "$(printf "\033")" ""; do
		usage show -- "$i" || { echo "# $i" && return 1; }
	done
'
test_expect_success 'close: ends it, and says what stays valid' '
	does 0 "^Session [0-9a-f]\{4\} closed" handseal close && grep "Not undone: servers accept [0-9]* cert" out &&
	does 5 "(no-session)" handseal close && open_ --json >out 2>err && is out "\$j->{root} eq q(blue) && \$j->{simulated}" &&
	grep "One touch will sign this" err && does 0 . handseal close --json &&
	is out "\$j->{live} == 0 && \$j->{session} =~ /^[0-9a-f]{16}\$/ && !defined \$j->{last_end}"
'
test_expect_success 'uses are counted: exit 3 when they are spent' '
	open_ --uses 1 && does 0 . ask --uses 1 -o used && does 3 "(uses-spent)" ask --uses 1 -o f &&
	test ! -e f && does 0 . handseal close
'
test_expect_success 'a whole scope from standard input' '
	printf "max-ttl 15m\nmax-uses *\n\nuser deploy\nhost web1\naddr *\ncmd uptime\n\nns git\n" >two &&
	hs_softkey blue touch-next && handseal open --scope-file - <two >out && grep "^Session" out &&
	handseal request --scope-file - -o both <two && handseal close
'

# ---- touches that do not come

test_expect_success 'declined on the key: exit 4' '
	hs_softkey blue fault deny && does 4 "(touch-denied)" handseal open $what --cmd uptime &&
	does 4 "(touch-denied)" handseal open $what --cmd uptime --json &&
	is out "\$j->{error}{exit} == 4" && hs_softkey blue fault none
'
test_expect_success 'no roots, and no key plugged in: exit 5' '
	mv "$XDG_CONFIG_HOME/handseal/roots" kept && does 5 "(no-roots)" handseal open $what --cmd uptime &&
	mv kept "$XDG_CONFIG_HOME/handseal/roots" && hs_softkey blue unplug &&
	does 5 "(no-device)" handseal open $what --cmd uptime && hs_softkey blue plug
'
test_expect_success 'rule7: an interrupt while it waits calls the touch off, and others are served' '
	for s in INT TERM; do
		hs_spawn open fg_ handseal open $what --cmd uptime && hs_softkey blue wait 20 &&
		does 0 "^waiting  1 for a touch" handseal status && hs_stop open $s && test "$HS_STATUS" -gt 128 &&
		hs_wait_for "hs_softkey blue state | grep -q \"waiting no\"" 10 &&
		does 0 "^closed" handseal status || return 1
	done && hs_softkey_idle blue
'
test_expect_success 'nobody touches it: exit 5' '
	hs_stop handseald && HANDSEAL_TOUCH_SECONDS=1 hs_handseald_start &&
	does 5 "(touch-timeout)" handseal open $what --cmd uptime
'
test_expect_success 'the daemon ends while a command waits: exit 1' '
	hs_stop handseald && hs_handseald_start && hs_spawn open handseal open $what --cmd uptime &&
	hs_softkey blue wait 20 && hs_stop handseald && hs_wait open 20 && test "$HS_STATUS" = 1 &&
	grep "closed the connection" "$HS_TMP/open.log" && hs_handseald_start
'

# ---- a daemon that lies

test_expect_success 'rule10: answers that are no answer, to every command' '
	while read -r how text; do
		hostile $how && all_commands 1 "$text" || { echo "# $how" && return 1; }
	done <<-\EOF
	silent did not answer
	truncated in the middle of its answer
	oversized (too-long)
	over_limit (too-long)
	empty (malformed)
	twice (trailing-bytes)
	other_name (malformed)
	other_status (malformed)
	unknown (unsupported)
	failed (unsupported)
	short_body (malformed)
	wrong_status (malformed)
	EOF
'
test_expect_success 'rule10: bytes left over behind an answer' '
	hostile long_body && for c in status list close; do does 1 "(malformed)" handseal $c || return 1; done
'
test_expect_success 'refusals: exit by their code, nothing shown raw' '
	hostile refuse && all_commands 3 "come hither" && does 3 "(evil" handseal status --json &&
	is out "\$j->{error}{exit} == 3 && \$j->{error}{code} !~ /[\\x00-\\x1f]/ && \$j->{error}{remedy} =~ /^do /" &&
	hostile refuse_session && all_commands 5 "(no-session)" && hostile refuse_denied &&
	all_commands 4 "(touch-denied)" && hostile refuse_device &&
	does 5 "(no-device)" handseal open $what --cmd uptime && does 3 "(no-device)" handseal close &&
	grep "plug it in" err
'
test_expect_success 'escapes in what is to be shown: open shows none of it, lists are cleaned' '
	hostile escapes && does 1 "(helper-lied)" handseal open $what --cmd uptime && ! grep "come hither" out err &&
	does 1 "(helper-lied)" handseal request $what --cmd uptime -o f && ! grep "come hither" out err && test ! -e f &&
	does 1 "(helper-lied)" handseal approve 4F7 && ! grep "come hither" out err &&
	does 0 "a scope that cannot be read" handseal list && grep "evil?\[31m" out &&
	does 0 "touch of blue" handseal status && grep -F "web1 WAS NOT REACHED: no?[2J" out && does 0 . handseal list --json &&
	is out "\$j->{certificates}[0]{exe} !~ /[\\x00-\\x1f]/" && does 0 . handseal status --json &&
	does 1 "(.*)" handseal show 1 && hostile bad_servers && does 1 "(malformed)" handseal status && hostile bad_server && does 1 "(malformed)" handseal status --json
'
test_expect_success 'texts and times of open that cannot be' '
	hostile no_text && does 1 "(helper-lied)" handseal open $what --cmd uptime &&
	hostile long_code && does 1 "(malformed)" handseal open $what --cmd uptime &&
	hostile armed_long && does 1 "(malformed)" handseal open $what --cmd uptime --json &&
	is out "\$j->{error}{code} eq q(malformed)"
'
test_expect_success 'lists without end, with lies about their length, with strange IDs' '
	for how in circle page_empty count_lies bad_id; do
		hostile $how && does 1 "(malformed)" handseal list || { echo "# $how" && return 1; }
	done
'
test_expect_success 'one that never answers is given up' '
	hostile hang && does 1 "no answer in time" handseal status
'

# ---- one that changes a thing in a real answer

test_expect_success 'a session, through one that changes nothing' '
	HANDSEAL_SOCK=$real && open_ && does 0 . ask -o other && hostile pass "$real" && does 0 . ask -o passed &&
	perl -MMIME::Base64 -ne "print decode_base64((split / /)[1])" other-cert.pub >other.blob &&
	test -s other.blob
'
test_expect_success 'rule3: certificates that are not what was asked for: exit 1, nothing written' '
	for how in cert_end cert_id cert_sig cert_body cert_cut cert_more cert_none cert_other; do
		hostile $how "$real" "$PWD/other.blob" && does 1 "Nothing was written" ask -o f &&
		test -z "$(ls f f.pub f-cert.pub 2>/dev/null)" && grep "([a-z-]*)" err &&
		does 1 . ask -o f --json && is out "\$j->{error}{exit} == 1" || { echo "# $how" && return 1; }
	done && cp own-cert.pub before && hostile cert_other "$real" "$PWD/other.blob" &&
	does 1 "for another key\|another id" ask --key own.pub && test_cmp before own-cert.pub
'
test_expect_success 'rule6: grants that are not what was asked for or shown: exit 1, do not use it' '
	HANDSEAL_SOCK=$real && perl -MMIME::Base64 -MJSON::PP -ne "
		my \$r = decode_json(\$_); \$g = \$r->{grant} if \$r->{grant}; END { print decode_base64(\$g) }" \
		"$log" >grant.blob && test -s grant.blob && handseal close &&
	while read -r how text; do
		hostile $how "$real" "$PWD/grant.blob" && hs_softkey blue touch-next &&
		does 1 "$text" handseal open $what --cmd uptime && grep "Do not use this session" err &&
		! grep "^Session" out && HANDSEAL_SOCK=$real && does 0 . handseal close || { echo "# $how" && return 1; }
	done <<-\EOF
	open_end the session.s end is not the grant.s
	open_session the session is not the grant.s
	open_root names another key
	open_flags the touch.s flags are not
	open_simulated names another key
	open_sig (grant-signature)
	open_grant cannot be believed
	open_shown the touch was for another text
	EOF
'
test_expect_success 'a session by a key that is not enrolled here' '
	HANDSEAL_SOCK=$real && mkdir -p "$HS_TMP/c2/handseal/roots" && hs_softkey blue touch-next &&
	does 1 "not enrolled here" env XDG_CONFIG_HOME="$HS_TMP/c2" handseal open $what --cmd uptime &&
	does 0 . handseal close
'
test_expect_success 'every way of lying that there is was tried' '
	cat "$HS_SRC/tests/lib/hostile-agent" "$HS_SRC/tests/lib/hostile-seats.pl" |
		grep -o -E "^	[a-z_]+ => (sub|\[|issued|opened|asks|tells|policy|seat|tree|.&)" |
		sed "s/^	\([a-z_]*\).*/\1/" >ways && test "$(wc -l <ways)" -ge 100 &&
	while read -r how; do
		grep -q -E "(hostile |seat |^	| in |^	for how in .*)$how( |\$|;)|[ 	]$how[ ;]" "$HS_SRC/tests/e2e/cli.t" "$HS_SRC/tests/e2e/ask.t" \
			"$HS_SRC/tests/e2e/watch.t" "$HS_SRC/tests/e2e/seatcli.t" ||
			{ echo "# $how" && return 1; }
	done <ways
'
test_expect_success 'output that cannot be written is a failure' '
	hs_stop hostile; HANDSEAL_SOCK=$real && test_expect_code 1 handseal status >/dev/full 2>err && grep "written" err &&
	test_expect_code 1 handseal status --json >/dev/full 2>err && grep "written" err
'
hs_done
