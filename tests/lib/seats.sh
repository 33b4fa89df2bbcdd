# SPDX-License-Identifier: ISC
#
# What the tests of seats share, behind ask.sh and hs_init: seats in the background, and logins by them to
# a server that trusts the key. It states no test but the one that sets all up, if seats_begin is called.

log=$XDG_STATE_HOME/handseal/audit.jsonl
at=deploy@127.0.0.1
base='Agent claude
    Scope *
Agent unknown
    Scope *
Limits
    Prompts 100
    PromptsAll 100'
# scope FILE LINE...: a scope of one statement for the test's host
scope() {
	scope_=$1
	shift
	printf '%s\n' "max-ttl 900" "max-uses ${uses:-*}" "depth ${depth:-0}" "" "addr *" "host web1.example.com" "$@" >"$scope_"
}
# seat NAME SCOPE AGENT [REASON]: in the background until ended NAME; its socket in $seat, its id in $id
seat() {
	seat_=$1
	shift
	rm -f "$HS_TMP/$seat_.log" "$HS_TMP/$seat_.in" && mkfifo "$HS_TMP/$seat_.in" &&
		hs_spawn "$seat_" sh -c 'exec seatctl make 0 "$@" <"$0"' "$HS_TMP/$seat_.in" "$@" &&
		eval "exec $(fd_of "$seat_")>$HS_TMP/$seat_.in"
}
fd_of() { case $1 in a) echo 7 ;; b) echo 8 ;; *) echo 9 ;; esac; }
seated() {
	hs_wait_for "grep -qs '^seated' $HS_TMP/$1.log || ! hs_alive $1" 10
	seat=$(sed -n 's/^socket //p' "$HS_TMP/$1.log") && id=$(sed -n 's/^id //p' "$HS_TMP/$1.log") &&
		test -S "$seat" || { cat "$HS_TMP/$1.log" && false; }
}
ended() { # NAME: it ends as asked
	eval "echo end >&$(fd_of "$1")" && hs_wait "$1" 10 && test "$HS_STATUS" = 0 || { cat "$HS_TMP/$1.log" && false; }
}
# on COMMAND...: with the seat's socket as its only agent
on() { SSH_AUTH_SOCK=$seat HANDSEAL_SOCK=$seat "$@"; }
opts() { echo "$HS_SSH_OPTS" | sed "s/-o IdentityAgent=none//; s/-o IdentitiesOnly=yes/-o IdentityFile=none/"; }
login() { on ssh $(opts) $at "$@"; }
closed() { handseal close >/dev/null 2>&1 || true; }
opened() { hs_softkey blue touch-next && timeout 30 handseal open --user deploy --host web1.example.com --cmd '*' --ns git --ttl 1h "$@"; }

# known NAME...: the files that the policy names know the server by these names
known() { for n in "$@"; do echo "$n $(cut -d' ' -f1,2 "$HS_TMP/ssh_host_ed25519_key.pub")"; done >"$HS_TMP/known"; }
why() { on seatctl why "$@" >out && cat out; }

seats_begin() {
	test_expect_success 'a key, a policy, a daemon, a server that trusts the key' '
		policy "KnownHosts $HS_TMP/known" "$base" && hs_softkey_start blue && daemon &&
		hs_softkey blue touch-next && timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue &&
		hs_sshd_start && echo "HostName web1.example.com" >$HS_SERVER/verify.conf &&
		handseal roots --pub >pub && key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) &&
		echo "users=\"deploy,root\" $key blue" >$HS_SERVER/roots && watched && known web1.example.com
	'
}
