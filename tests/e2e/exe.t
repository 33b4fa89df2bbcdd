#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `Exe` of an Agent block is looked at in whoever ran handseal, for requests, for seats and on seats;
# and a prompt says who that is, and the hash of what asks once it is known.
test_description='who ran handseal'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_ns "$0" "$@"
hs_init "$@"

log=$XDG_STATE_HOME/handseal/audit.jsonl
in="--user deploy --host web1.example.com --cmd uptime"
more="--user deploy --host web1.example.com --cmd hostname --reason see"
# A shell under another name is the agent; what stands behind the command keeps it from becoming the command.
agent=$HS_TMP/claude
as() { timeout 60 "$agent" -c "$1; exit \$?"; }
last() { grep "\"event\":\"$1\"" "$log" | tail -n 1 | grep -e "$2" || { tail -n 3 "$log" && false; }; }

test_expect_success 'a key, a daemon, a policy with an agent of one executable, a session' '
	cp "$(command -v dash || command -v sh)" "$agent" && policy "Scope see
    MaxTTL 15m
    MaxUses *
    User deploy
    Host web1.example.com
    Addr *
    Cmd uptime
Agent claude
    Exe $agent
    Scope see
Agent unknown
Limits
    Prompts 100
    PromptsAll 100" && hs_softkey_start blue && daemon && watched && hs_softkey blue touch-next &&
	timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && hs_softkey blue touch-next &&
	timeout 30 handseal open --user deploy --host web1.example.com --cmd uptime --cmd hostname --ttl 1h
'
test_expect_success 'a request is that of the program that ran handseal' '
	as "handseal request $in --ttl 15m --agent claude -o a" && last issue "\"exe\":\"$HS_BIN/handseal\".*\"by\":\"$agent\"" &&
	refused agent-not-allowed $in --ttl 15m --agent claude -o no && last refuse "\"agent\":\"claude\"" &&
	test_expect_code 3 as "handseal request --user deploy --host web1.example.com --cmd hostname --ttl 15m --agent claude -o no"
'
test_expect_success 'policy explain says the same' '
	as "handseal policy explain $in --ttl 15m --agent claude" >out && grep "would be issued" out && test_expect_code 3 handseal policy explain $in --ttl 15m --agent claude >out &&
	grep "agent-not-allowed" out
'
test_expect_success 'a seat is that of the program that ran handseal run, and so is what is asked on it' '
	as "handseal run $in --ttl 15m --agent claude -q -- sh -c \"ssh-add -L; handseal request $in --ttl 15m\"" >out 2>err; cat out err; grep "^ssh-ed25519-cert" out && grep "Granted without a touch" out &&
	last seat "\"by\":\"$agent\"" && test_expect_code 3 as "handseal run $in --ttl 15m --agent claude -q -- handseal request $more --ttl 15m" 2>err && grep agent-not-allowed err &&
	test_expect_code 3 handseal run $in --ttl 15m --agent claude -q -- true 2>err && grep agent-not-allowed err
'
test_expect_success 'a prompt says who ran it, and the hash of what asks' '
	handseal close && hash=$(sha256sum "$HS_BIN/handseal" | cut -c 1-16) &&
	hs_wait_for "refused agent-not-allowed $more -o no >/dev/null; last refuse \"\\\"exe_sha256\\\":\\\"$hash\" >/dev/null" 20 &&
	hs_spawn r "$agent" -c "handseal request $in --ttl 15m --agent claude --reason x -o b; exit \$?" && hs_softkey blue wait 10 &&
	grep "Asked by pid [0-9]* $HS_BIN/handseal (SHA-256 begins $hash), run by $agent, in " "$HS_TMP/watcher.log" &&
	hs_softkey blue touch && hs_wait r 20 && test $HS_STATUS = 0
'
hs_done
