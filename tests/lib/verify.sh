# SPDX-License-Identifier: ISC
#
# What the tests of handseal-verify and handseal-shell share, on top of e2e.sh: roots, sessions and
# certificates made by forgecert instead of by a daemon, and logins with them. States no test.
#
# Files in $HS_TMP: root, root2 (ed25519 and ecdsa security keys, trusted), stranger (trusted by
# nobody), session (its .pub too), id (the agent's key). A certificate NAME is NAME-cert.pub.
#	hv_setup                     makes all that, the server's files, and starts sshd
#	hv_roots [LINE...]           writes the server's roots file (default: both roots, for deploy and root)
#	hv_conf [LINE...]            writes verify.conf
#	hv_scope LINE...             prints a scope: head, then one statement; `--` begins another
#	hv_cert NAME [KEY=VALUE...]  forges a certificate NAME (forgecert.c lists the keys)
#	hv_ssh NAME ARG...           ssh with that certificate
#	hv_leave SOCKET              the process "master", which shares its connection there, ends
#	hv_says NAME USER            what handseal-verify keys prints for it; its log in $HS_TMP/said
#	hv_refused CODE CMD...       CMD fails, and the log of the server gives CODE as the reason

hv_scope() {
	printf 'max-ttl 8h\nmax-uses *\n\n'
	for hv_l_; do
		case $hv_l_ in --) echo ;; *) echo "$hv_l_" ;; esac
	done
}

hv_roots() {
	if [ $# = 0 ]; then
		set -- "users=\"deploy,root\" $(cat "$HS_TMP/root.pub") Anna's blue" \
			"users=\"deploy,root\" $(cat "$HS_TMP/root2.pub") Anna's spare"
	fi
	printf '%s\n' "$@" >"$HS_SERVER/roots"
}

hv_conf() {
	[ $# != 0 ] || set -- 'HostName web1.example.com'
	printf '%s\n' "$@" >"$HS_SERVER/verify.conf"
}

hv_setup() {
	forgecert root ed25519 "$HS_TMP/root" && forgecert root ecdsa "$HS_TMP/root2" &&
		forgecert root ed25519 "$HS_TMP/stranger" &&
		forgecert session "$HS_TMP/session" && forgecert session "$HS_TMP/session2" &&
		ssh-keygen -q -t ed25519 -N '' -C agent -f "$HS_TMP/id" &&
		hv_scope 'user deploy' 'host web1.example.com' 'addr *' 'cmd id -un' \
			'cmd echo ...' >"$HS_TMP/scope" &&
		hv_roots && hv_conf && hs_sshd_start "$@"
}

hv_cert() {
	hv_n_=$1
	shift
	forgecert cert "$HS_TMP/$hv_n_-cert.pub" root="$HS_TMP/root" session="$HS_TMP/session" \
		key="$HS_TMP/id.pub" scope="$HS_TMP/scope" "$@"
}

# Over the socket, since ssh may miss a signal that comes right behind what it has just done.
hv_leave() { ssh -F /dev/null -o ControlPath="$1" -O exit any 2>/dev/null; hs_stop master; }
hv_ssh() {
	hv_n_=$1
	shift
	hs_ssh -i "$HS_TMP/id" -o CertificateFile="$HS_TMP/$hv_n_-cert.pub" "$@"
}

hv_says() {
	read -r hv_t_ hv_k_ hv_c_ <"$HS_TMP/$1-cert.pub"
	handseal-verify --config "$HS_SERVER" --log stderr keys "$2" "$hv_t_" "$hv_k_" \
		2>"$HS_TMP/said"
}

hv_refused() {
	hv_code_=$1
	shift
	: >"$HS_TMP/syslog"
	if "$@"; then
		echo "# not refused: $*" >&2
		return 1
	fi
	hs_wait_for 'grep -q "$hv_code_" "$HS_TMP/syslog"' 5 || { cat "$HS_TMP/syslog" && false; }
}
