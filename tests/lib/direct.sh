# SPDX-License-Identifier: ISC
#
# What the tests of direct certificates share, behind e2e.sh, ask.sh, cli.sh and hs_ns and hs_init: a stock
# sshd, in front of which nothing of ours stands. It states no test but the one that sets all up.
#
#	stock [LINE...]            that sshd, anew; LINEs go in front. The root is in $HS_TMP/blue.pub
#	direct NAME ARG...         `handseal request --direct` for the key NAME, touched; certificate NAME-cert.pub
#	with NAME ARG...           ssh with it, to the stock sshd
#	shut NAME CODE ARG...      it is refused there

log=$XDG_STATE_HOME/handseal/audit.jsonl
at=deploy@127.0.0.1
base='Agent unknown
    Scope *
Agent claude
    Scope *
Limits
    Prompts 100
    PromptsAll 100'

stock() { hs_stop sshd && hs_sshd_start "AuthorizedKeysCommand none" "AuthorizedKeysCommandUser nobody" "$@"; }
direct() {
	direct_=$HS_TMP/$1
	shift
	[ -f "$direct_.pub" ] || ssh-keygen -q -t ed25519 -N "" -f "$direct_" || return 1
	rm -f "$direct_-cert.pub"
	ask direct --direct --key "$direct_.pub" "$@" && touched direct && test -s "$direct_-cert.pub"
}
with() {
	with_=$HS_TMP/$1
	shift
	hs_ssh -i "$with_" -o CertificateFile="$with_-cert.pub" "$@"
}
# one line of what sshd says about the refusal; each connection anew
shut() {
	: >"$HS_TMP/sshd.log"
	shut_=$1 shut_why=$2
	shift 2
	! with "$shut_" "$@" </dev/null >out 2>err || { cat out && return 1; }
	hs_wait_for "grep -q -e '$shut_why' '$HS_TMP/sshd.log'" 10 || { cat err "$HS_TMP/sshd.log" && false; }
}
any='--user deploy --host * --cmd * --ttl 15m' # --host: a stock server does not know its names

direct_begin() {
	test_expect_success 'a key, a policy, a daemon, a stock server that trusts the key' '
		policy "$base" && hs_softkey_start blue && daemon && hs_softkey blue touch-next &&
		timeout 30 handseal enroll --device softkey:$HS_TMP/blue.sock --name blue >/dev/null && watched &&
		handseal roots --pub >pub && key=$(grep -o "sk-ssh-ed25519@openssh.com [A-Za-z0-9+/=]*" pub | head -n 1) &&
		echo "$key" >"$HS_TMP/blue.pub" && chmod 755 "$HS_TMP" && stock "TrustedUserCAKeys $HS_TMP/blue.pub"
	'
}
