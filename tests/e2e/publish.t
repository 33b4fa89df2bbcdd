#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the policy's Publish commands bring the lists to servers after each change, again where they fail, are
# ended where they hang, and revoke and status say which servers have them; a real rsync, and what it must not be able to do.
test_description='lists brought to servers'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/ask.sh"
command -v rsync >/dev/null || hs_skip "rsync is not installed"
hs_ns "$0" "$@"
hs_init "$@"

state=$XDG_STATE_HOME/handseal
log=$state/audit.jsonl
in="--user deploy --host web1.example.com --cmd id"
allow='Agent unknown
    Scope *'
opened() { handseal close >/dev/null 2>&1; hs_softkey blue touch-next && timeout 30 handseal open $in --ttl 1h >/dev/null && session=$(handseal status --json | tr -d ' \n' | sed -n 's/.*"session":{[^}]*"id":"\([0-9a-f]*\)".*/\1/p'); }
published() { grep -c "\"event\":\"publish\".*\"code\":\"$1\".*\"host\":\"$2\"" "$log"; } # CODE SERVER: how often that is on record
cert() { rm -f "$HS_TMP"/c "$HS_TMP"/c.pub "$HS_TMP"/c-cert.pub && handseal request -o "$HS_TMP/c" $in --json >req && id=$(sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' req) && test -n "$id"; }
script() { # NAME: a program made of stdin
	{ echo "#!/bin/sh" && cat; } >"$HS_TMP/$1" && chmod 755 "$HS_TMP/$1"
}

test_expect_success 'a policy with rsync, and a server'\''s folder' '
	mkdir -p "$HS_TMP/server/lists" && hs_softkey_start blue && policy "Publish web1 /usr/bin/rsync -rtc %L/ $HS_TMP/server/lists/" "Publish stock $HS_TMP/stock %K" "$allow" &&
	script stock <<-EOF &&
	cp "\$1"/*.krl $HS_TMP/server/ 2>/dev/null
	env >$HS_TMP/env; echo "\$@" >$HS_TMP/args
	exit 0
	EOF
	daemon SSH_AUTH_SOCK=/nowhere SECRET=x && hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue && handseal status >st && grep "^server   web1 gets the lists when there are any" st
'
test_expect_success 'a session'\''s list is there soon after it opened' '
	opened && hs_wait_for "cmp -s $state/lists/$session.list $HS_TMP/server/lists/$session.list" 10 && hs_wait_for "handseal status | grep -q \"^server   web1 has the lists, since\"" 10 &&
	noted "\"event\":\"publish\".*\"code\":\"ok\".*\"host\":\"web1\""
'
test_expect_success 'revoke says which servers have it, and they do' '
	cert && handseal revoke $id >out && cat out && grep "  web1 has the lists, since" out && grep "  stock has the lists" out && cmp "$state/lists/$session.list" "$HS_TMP/server/lists/$session.list" &&
	test_expect_code 1 ssh-keygen -Q -f "$HS_TMP/server/$session.krl" "$HS_TMP/c-cert.pub" && cert && handseal revoke $id --json >j && grep "\"servers\"" j && grep "\"state\": *\"done\"" j
'
test_expect_success 'what is new comes, be it of the same second and length as the old' '
	echo one >$state/lists/other && touch -d @1000000000 $state/lists/other && cert && handseal revoke $id >out && hs_wait_for "cmp -s $state/lists/other $HS_TMP/server/lists/other" 10 &&
	echo two >$state/lists/other && touch -d @1000000000 $state/lists/other && cert && handseal revoke $id >out && hs_wait_for "cmp -s $state/lists/other $HS_TMP/server/lists/other" 10 && rm $state/lists/other $HS_TMP/server/lists/other
'
test_expect_success 'it runs without a shell, in a group of its own, with a bare environment' '
	test "$(cat "$HS_TMP/args")" = "$state/krl" && grep -x "SSH_AUTH_SOCK=/nowhere" "$HS_TMP/env" && grep -x "PATH=/usr/local/bin:/usr/bin:/bin" "$HS_TMP/env" && ! grep -E "SECRET|HANDSEAL" "$HS_TMP/env"
'
test_expect_success 'a server that is not reached: told, tried again, and told when it heals; once on record' '
	script stock <<-EOF && cert && handseal revoke $id >out && cat out && grep "  web1 has the lists" out && grep "  stock WAS NOT REACHED: it ended with status 12; it is tried again" out && handseal status | grep "^server   stock WAS NOT REACHED" &&
	echo x >>$HS_TMP/tries
	test -e $HS_TMP/heals || exit 12
	EOF
	hs_wait_for "test \$(grep -c . $HS_TMP/tries) -ge 2" 10 && hs_wait_for "test \$(published io-failed stock) = 1" 5 && : >"$HS_TMP/heals" && hs_wait_for "handseal status | grep -q \"^server   stock has the lists\"" 20 &&
	hs_wait_for "test \$(published ok stock) = 2" 5 && test $(published io-failed stock) = 1
'
test_expect_success 'one that hangs is ended, with what it started; others go on meanwhile, and so does the daemon' '
	hs_stop handseald && script stock <<-EOF && daemon HANDSEAL_PUBLISH_SECONDS=4 && opened && cert && handseal revoke $id >out && cat out && grep "  web1 has the lists" out && grep "  stock WAS NOT REACHED: it took longer than 4 s" out
	sleep 1000 &
	echo \$! >>$HS_TMP/pids
	sleep 1000
	EOF
	child=$(head -n 1 "$HS_TMP/pids") && hs_wait_for "! hs_running_ $child" 10
'
test_expect_success 'one that is not there is told too; the daemon ends with one that runs' '
	hs_stop handseald && rm "$HS_TMP/stock" && daemon && opened && hs_wait_for "handseal status | grep \"stock WAS NOT REACHED: stock (.*) cannot be run: no such file\"" 10 &&
	script stock <<-EOF && hs_stop handseald && daemon && opened && hs_wait_for "test -s $HS_TMP/running" 10 && hs_stop handseald && test "$HS_STATUS" = 0 && ! kill -0 $(cat "$HS_TMP/running") 2>/dev/null
	echo \$\$ >$HS_TMP/running
	exec sleep 1000
	EOF
'
test_expect_success 'rule1: a policy that is changed later has nothing run: it says so' '
	daemon && script evil <<-EOF && printf "%s\n" "Publish web1 $HS_TMP/evil" "$allow" >"$XDG_CONFIG_HOME/handseal/policy" && handseal policy reload >out 2>&1 && cat out && grep "its Publish commands count when handseald starts again" out && opened && cert && rm -f "$HS_TMP/server/lists"/* && handseal revoke $id >o2 && grep "  web1 has the lists" o2 && test -s "$HS_TMP/server/lists/$session.list" && test ! -e "$HS_TMP/evil.ran"
	: >$HS_TMP/evil.ran
	EOF
'
hs_done
