#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: the certificates we write are OpenSSH's: ssh-keygen prints every field of a
# grant, a delegation and a direct certificate as docs/PROTOCOL.certs says, with both kinds of root.
test_description='our certificates, read by ssh-keygen'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/verify.sh"
hs_init "$@"

# says FILE LINE...: ssh-keygen -L prints each of these lines (blanks in front do not count)
says() {
	ssh-keygen -L -f "$1" >said || return 1
	says_=$1
	shift
	for line; do
		sed "s/^ *//" said | grep -qxF -e "$line" || {
			echo "# $says_ lacks: $line" && cat said && return 1
		}
	done
}

test_expect_success 'keys and a scope' '
	forgecert root ed25519 "$HS_TMP/root" && forgecert root ecdsa "$HS_TMP/root2" &&
	forgecert session "$HS_TMP/session" && ssh-keygen -q -t ed25519 -N "" -f "$HS_TMP/id" &&
	hv_scope "user deploy" "host *" "addr *" "cmd uptime" "permit pty" "permit user-rc" \
		"permit x11-forwarding" >"$HS_TMP/scope" &&
	id=$(cut -d" " -f2 "$HS_TMP/session.pub" | base64 -d | sha256sum | cut -c1-16) &&
	print() { ssh-keygen -l -f "$1" | cut -d" " -f2; }
'
test_expect_success 'a delegation' '
	hv_cert d serial=7 agent=claude &&
	says "$HS_TMP/d-cert.pub" "Type: ssh-ed25519-cert-v01@openssh.com user certificate" \
		"Public key: ED25519-CERT $(print "$HS_TMP/id.pub")" \
		"Signing CA: ED25519 $(print "$HS_TMP/session.pub") (using ssh-ed25519)" \
		"Key ID: \"handseal:$id:7:claude\"" "Serial: 7" ":handseal" \
		"Critical Options: (none)" permit-pty permit-user-rc permit-X11-forwarding &&
	for o in agent grant lineage scope; do
		grep "^ *$o@handseal.alt UNKNOWN FLAG OPTION" said ||
			grep "^ *$o@handseal.alt UNKNOWN OPTION" said || return 1
	done && ! grep -E "permit-(agent|port)" said
'
test_expect_success 'a grant, by either kind of root' '
	for root in root:ED25519-SK:sk-ssh-ed25519 root2:ECDSA-SK:sk-ecdsa-sha2-nistp256; do
		f=${root%%:*} rest=${root#*:} &&
		forgecert grant "$HS_TMP/g-cert.pub" root="$HS_TMP/$f" session="$HS_TMP/session" \
			scope="$HS_TMP/scope" &&
		says "$HS_TMP/g-cert.pub" "Key ID: \"handseal:$id:grant\"" \
			"Public key: ED25519-CERT $(print "$HS_TMP/session.pub")" \
			"Signing CA: ${rest%:*} $(print "$HS_TMP/$f.pub") (using ${rest#*:}@openssh.com)" \
			"Serial: 1234605616436508552" handseal-grant "Extensions: (none)" &&
		grep "^ *grant@handseal.alt UNKNOWN OPTION: " said || return 1
	done
'
test_expect_success 'the grant inside a delegation is the grant' '
	forgecert grant-of "$HS_TMP/d-cert.pub" "$HS_TMP/in-cert.pub" &&
	says "$HS_TMP/in-cert.pub" "Key ID: \"handseal:$id:grant\"" handseal-grant
'
test_expect_success 'a direct certificate says the scope in words that stock sshd enforces' '
	printf "max-ttl 900\nmax-uses *\n\nuser web\nuser deploy\nhost *\naddr 10.0.0.0/8\naddr ::1/128\ncmd sh -c '\''echo \"a  b\"'\''\npermit pty\n" \
		>"$HS_TMP/direct" &&
	forgecert direct "$HS_TMP/x-cert.pub" root="$HS_TMP/root" key="$HS_TMP/id.pub" \
		scope="$HS_TMP/direct" serial=12 &&
	says "$HS_TMP/x-cert.pub" "Key ID: \"handseal:direct:12:claude\"" deploy web \
		"force-command sh -c '\''echo \"a  b\"'\''" "source-address 10.0.0.0/8,::1/128" \
		permit-pty && ! grep permit-user-rc said && grep "^ *touch@handseal.alt" said
'
hs_done
