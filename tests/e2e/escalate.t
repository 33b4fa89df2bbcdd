#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: within what was touched nothing is asked, every step beyond costs a touch of its own,
# which gives one certificate under a grant of its own, and no policy, limit or decline is got round.
test_description='ceilings and escalation'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/late.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
at=deploy@127.0.0.1
base='Scope deploy
    MaxTTL 15m
    MaxUses *
    User deploy
    Host web1.example.com
    Addr *
    Cmd id -un
    Cmd uptime
Scope dump
    Touch always
    MaxTTL 10m
    MaxUses 1
    User deploy
    Host web1.example.com
    Addr *
    Cmd echo dump
Agent claude
    Scope deploy dump
Agent unknown
    Scope *'
many='Limits
    Prompts 100
    PromptsAll 100'
in="--user deploy --host web1.example.com --cmd uptime --ttl 5m"
out="--user deploy --host web1.example.com --cmd hostname --ttl 5m"
closed() { handseal close >/dev/null 2>&1 || true; }
touches() { grep -c '"event":"touch"' "$log"; }
opened() { closed && hs_softkey blue touch-next && timeout 30 handseal open --scope deploy "$@"; }
# login NAME CMD...: with that certificate
login() {
	login_=$1
	shift
	chmod 600 "$login_" && hs_ssh -i "$login_" -o CertificateFile="$login_-cert.pub" $at "$@"
}
grant_of() { grep '"event":"touch"' "$log" | tail -n 1 | sed 's/.*"grant":"\([^"]*\)".*/\1/'; }

test_expect_success 'a key, a policy, a daemon, a server that trusts the key' '
	policy "Session" "    Scope deploy" "$base" "$many" && hs_softkey_start blue && daemon &&
	hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
	hs_sshd_start && echo "HostName web1.example.com" >$HS_SERVER/verify.conf &&
	handseal roots --pub >pub && key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) &&
	echo "users=\"deploy\" $key blue" >$HS_SERVER/roots && watched
'

# ---- no session

test_expect_success 'rule1: a request with no session is asked for, and opens one for just itself' '
	ask a $in -o a --agent claude && handseal status >st && ! grep "^open" st && touched a &&
	test "$(login a uptime | wc -l)" = 1 && ! login a id -un && test "$(touches)" = 1 &&
	handseal status | grep "^open" && recorded $code ask "NEW, in one certificate" &&
	grep "\"event\":\"issue\".*\"agent\":\"claude\"" "$log"
'
test_expect_success 'rule1: the same again costs another touch' '
	refused reason-missing $in -o b --agent claude && ask b $in -o b --agent claude --reason again &&
	touched b && login b uptime && test "$(touches)" = 2 && closed
'

# ---- a session

test_expect_success 'within what open was touched for nothing is asked' '
	hs_softkey blue touch-next && timeout 30 handseal open --ttl 1h >opened && n=$(touches) &&
	for i in 1 2 3; do timeout 30 handseal request $in -o in$i --agent claude || return 1; done &&
	timeout 30 handseal request $in -o in4 --agent another && login in3 uptime &&
	test "$(touches)" = "$n" && ! handseal request $in --cmd id -o no --agent claude </dev/null
'
test_expect_success 'beyond it: without a reason nothing is asked' '
	refused reason-missing $out -o no && test ! -e no
'
test_expect_success 'rule1: beyond it: pending, touched, and a certificate under its own grant' '
	n=$(touches) && ask x $out -o x --reason "to see" && state $code "armed" && touched x &&
	test "$(login x hostname | wc -l)" = 1 && ! login x uptime && test "$(touches)" = $((n + 1)) &&
	handseal-verify --config $HS_SERVER explain x-cert.pub >explained && cat explained &&
	grep -i "blue" explained
'
test_expect_success 'rule1: the grant issues nothing else' '
	refused reason-missing $out -o y && ask y $out -o y --reason again && touched y &&
	test "$(touches)" = $((n + 2)) && timeout 30 handseal request $in -o in5 --agent claude
'
test_expect_success 'rule6: it signs the text that was shown, the scope, the policy and the log up to its own line' '
	grant_of | base64 -d >grant && perl -MDigest::SHA=sha256 -MJSON::PP -e "
		local \$/; open my \$g, \"<:raw\", \"grant\" or die; my \$blob = <\$g>;
		open my \$p, \"<:raw\", \$ARGV[1] or die; my \$policy = <\$p>;
		open my \$l, \"<:raw\", \$ARGV[0] or die; my @lines = split /(?<=\\n)/, <\$l>;
		my (\$touch) = grep { /\"event\":\"touch\"/ } reverse @lines;
		my \$code = decode_json(\$touch)->{ask};
		my (\$line) = grep { /\"event\":\"ask\"/ && /\"ask\":\"\$code\"/ } @lines;
		my \$j = decode_json(\$line);
		my \$shown = \$j->{shown};
		utf8::encode(\$shown);
		my @want = (sha256(\$shown), sha256(\$policy), sha256(\$line), pack(\"Q>\", \$j->{seq}));
		for (0 .. 3) { index(\$blob, \$want[\$_]) >= 0 or die \"not in the grant: \$_\" }
		index(\$blob, \$j->{scope}) >= 0 or die \"scope\";" "$log" "$XDG_CONFIG_HOME/handseal/policy"
'
test_expect_success 'a plan of several statements costs one touch' '
	n=$(touches) && printf "%s\n" "max-ttl 300" "max-uses 1" "" "user deploy" "host web1.example.com" "addr *" \
		"cmd hostname" "" "user deploy" "host web1.example.com" "addr *" "cmd whoami" >plan &&
	ask p --scope-file plan -o p --reason "a plan" && touched p && login p hostname && test "$(login p whoami)" = deploy &&
	test "$(touches)" = $((n + 1))
'
test_expect_success 'the prompt names the difference first, and the rest after it' '
	printf "%s\n" "max-ttl 300" "max-uses 1" "" "user deploy" "host web1.example.com" "addr *" \
		"cmd uptime" "" "user deploy" "host web1.example.com" "addr *" "cmd date" >mixed &&
	ask m --scope-file mixed -o m --reason more && recorded $code ask "asks for more" &&
	grep "\"ask\":\"$code\"" "$log" | grep "NEW.*date.*together with what it may already.*uptime" &&
	touched m && login m date && login m uptime
'

# ---- each time

test_expect_success 'rule1: a scope with Touch always costs a touch each time' '
	dump="--user deploy --host web1.example.com --ttl 5m --reason nightly" &&
	n=$(touches) && for i in 1 2; do
		ask d$i $dump --uses 1 --agent claude --cmd "echo dump" -o d$i && touched d$i && test "$(login d$i echo dump)" = dump || return 1
	done && test "$(touches)" = $((n + 2)) && refused touch-each-time $dump --cmd "echo dump" --uses 2 -o no &&
	closed && test_expect_code 3 handseal open --scope dump 2>err && grep "touch-each-time\|each time" err
'

# ---- what no touch allows

test_expect_success 'Deny: refused, whoever asks, and no prompt' '
	policy "Deny user root" "Deny cmd reboot" "$base" "$many" && opened && n=$(grep -c "\"event\":\"ask\"" "$log") &&
	refused denied-by-policy --user root --host web1.example.com --cmd id -o no --reason please &&
	refused denied-by-policy --user "*" --host web1.example.com --cmd id -o no --reason please &&
	refused denied-by-policy --user deploy --host web1.example.com --cmd "*" -o no --reason please &&
	refused denied-by-policy --user deploy --host web1.example.com --cmd "reboot" -o no --reason please &&
	test "$(grep -c "\"event\":\"ask\"" "$log")" = "$n"
'
test_expect_success 'an agent has its list, and no name gets round it where unknown has none' '
	refused agent-not-allowed $out -o no --agent claude --reason please &&
	policy "$(echo "$base" | sed "/^Agent unknown/,\$d")" "$many" &&
	refused agent-not-allowed $in -o no && refused agent-not-allowed $in -o no --agent codex &&
	timeout 30 handseal request $in -o in6 --agent claude
'
test_expect_success 'Escalate deny: refused, and what was touched goes on' '
	policy "Escalate deny" "$base" "$many" && refused escalation-off $out -o no --reason please &&
	timeout 30 handseal request $in -o in7 && closed && refused no-session $out -o no --reason please &&
	opened
'
test_expect_success 'MainSocket ask: even what open was touched for costs a touch each' '
	policy "MainSocket ask" "$base" "$many" && refused reason-missing $in -o no &&
	ask s $in -o s --reason see && touched s && login s uptime
'
test_expect_success 'no channel: refused at once, naming what is missing' '
	policy "$base" "$many" && unwatched && test_expect_code 3 timeout 20 handseal request $out -o no --reason x 2>err &&
	cat err && grep "no display, no SSH_ASKPASS, no session bus" err && watched
'

# ---- lengths, uses

test_expect_success 'MaxTTL: no session is longer, and no grant' '
	policy "Session" "    MaxTTL 60" "$base" "$many" && closed &&
	test_expect_code 3 handseal open --scope deploy --ttl 61s 2>err; grep "1 to 60 seconds" err &&
	ask t $out -o t --reason see && touched t && ssh-keygen -L -f t-cert.pub >L && cat L | grep Valid &&
	grep "\"event\":\"touch\"" "$log" | tail -n 1 >last && perl -MJSON::PP -e "
		my \$j = decode_json(<STDIN>); exit(\$j->{end} - \$j->{time} <= 60 ? 0 : 1)" <last
'
test_expect_success 'uses: reserved under the right grant, and counted over several' '
	policy "$base" "$many" && closed && hs_softkey blue touch-next &&
	timeout 30 handseal open --scope deploy --uses 2 --ttl 1h && timeout 30 handseal request $in --uses 1 -o u1 &&
	ask u $out --uses 1 -o u2 --reason see && touched u && timeout 30 handseal request $in --uses 1 -o u3 &&
	refused reason-missing $in --uses 1 -o no && ask v $in --uses 1 -o u4 --reason "spent" && touched v && login u4 uptime
'
test_expect_success 'a session ends when nothing is issued for as long as Idle says' '
	in_time 2 "policy Session \"    Idle \${life}s\" \"\$base\" \"\$many\" && opened && timeout 30 handseal request $in -o i1" "rm -f i1 i1.pub i1-cert.pub" &&
	hs_wait_for "! handseal status | grep -q ^open" 10 && noted "\"event\":\"expire\".*Idle" &&
	policy "$base" "$many"
'

# ---- limits and declines

test_expect_success 'declined: the same or more is refused for a while, less may be asked' '
	opened && ask x --user deploy --host web1.example.com --cmd hostname --cmd date --ttl 5m -o x1 --reason see &&
	handseal decline $code && ends x 4 "declined" && test ! -e x1 &&
	refused declined-before --user deploy --host web1.example.com --cmd hostname --cmd date --ttl 5m -o no --reason please &&
	refused declined-before --user deploy --host web1.example.com --cmd hostname --cmd date --cmd w --ttl 5m -o no --reason y &&
	ask x $out -o x1 --reason less && touched x
'
test_expect_success 'three prompts in five minutes, and no name of another gets more' '
	policy "$base" && daemon && watched && for i in 1 2 3; do
		ask q$i --user deploy --host web$i.example.com --cmd w --ttl 5m -o q$i --reason $i || return 1
	done && refused too-many-prompts --user deploy --host web4.example.com --cmd w -o no --reason x &&
	refused too-many-prompts --user deploy --host web4.example.com --cmd w -o no --reason x --agent codex &&
	refused too-many-prompts $in -o no --reason x --agent claude && handseal decline $code && ends q3 4 . &&
	hs_stop q1 && hs_stop q2
'
test_expect_success 'two that ask the same for the same key share one prompt and its outcome' '
	daemon && watched && ssh-keygen -q -t ed25519 -N "" -f same && eval "$(ssh-agent -s)" >agent.out &&
	ssh-add -q same && n=$(grep -c "\"event\":\"ask\"" "$log") &&
	ask r1 $out --key same.pub -o r1 --reason see && first=$code && ask r2 $out --key same.pub -o r2 --reason see &&
	test "$code" = "$first" && test "$(grep -c "\"event\":\"ask\"" "$log")" = $((n + 1)) &&
	hs_softkey blue wait 10 && hs_softkey blue touch && ends r1 0 . && ends r2 0 . && ssh-agent -k >agent.out
'

# ---- the policy changes meanwhile

test_expect_success 'a policy that became narrower between prompt and touch: refused' '
	policy "$base" "$many" && daemon && watched && ask n1 $out -o n1 --reason see && hs_softkey blue wait 10 &&
	policy "Deny cmd hostname" "$base" "$many" && hs_softkey blue touch && ends n1 3 "denied-by-policy" &&
	test ! -e n1 && policy "$base" "$many" && ask n2 $out -o n2 --reason see && hs_softkey blue wait 10 &&
	policy "Session" "    MaxTTL 10s" "$base" "$many" && hs_softkey blue touch && ends n2 3 "denied-by-policy"
'
test_expect_success 'a bad policy leaves the old in force, and says so' '
	policy "$base" "$many" && echo "Denny" >>"$XDG_CONFIG_HOME/handseal/policy" && ! handseal policy reload 2>err &&
	grep ":[0-9]*:1: " err && handseal status | grep -i policy && kill -HUP $(hs_pid handseald) &&
	hs_wait_for "grep -q \"not in force\" $HS_TMP/handseald.log" 10 && hs_alive handseald && ask b1 $out -o b1 --reason see && touched b1
'
test_expect_success 'what touches allowed, and nothing else, is on record' '
	handseal audit verify >audited || { cat audited && false; }
'
hs_done
