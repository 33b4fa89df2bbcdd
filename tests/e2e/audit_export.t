#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: `handseal audit export` writes OCSF events that the published schema's rules accept, and a
# table that every reader of RFC 4180 takes apart the same way and no spreadsheet obeys.
test_description='handseal audit export'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/cli.sh"
hs_init "$@"

TZ=UTC LC_ALL=C.UTF-8
export TZ LC_ALL
ocsf() { handseal audit export --format ocsf --log "$@" >out 2>err; }
csv() { handseal audit export --format csv --log "$@" >out 2>err; }
check() { "$HS_SRC/tests/lib/ocsf-check" "$HS_SRC/tests/vectors/ocsf-rules.json"; }
# tame: no control character but what CSV itself needs
tame() { ! LC_ALL=C grep -a -l "[$(printf '\001-\010\013\014\016-\037\177')]" out; }
# cells FILE: the table as JSON, by a reader of RFC 4180 of our own
cells() {
	perl -MJSON::PP -e 'local $/; open my $f, "<:raw", shift; my $t = <$f>; my (@rows, @row);
		while (length $t) { $t =~ s/^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)//s or die "not RFC 4180: " . substr($t, 0, 40);
			my ($q, $p, $end) = ($1, $2, $3); $q =~ s/""/"/g if defined $q; push @row, defined $q ? $q : $p;
			if ($end ne ",") { push @rows, [@row]; @row = () } }
		my $head = shift @rows; for (@rows) { die "cells" unless @$_ == @$head }
		print JSON::PP->new->latin1->encode([map { my %h; @h{@$head} = @$_; \%h } @rows])' "$1"
}

test_expect_success 'OCSF: a log, by the rules of the schema' '
	mkdir made && auditctl make made sessions=3 certificates=4 refusals=2 revoke=1 rotate=2 reason="why \"not\"" && ocsf made && check <out &&
	test "$(wc -l <out)" = 24 && test "$(grep -c "\"class_uid\":3002" out)" = 3 && head -n 1 out >one && is one "\$j->{auth_factors}[0]{factor_type_id} == 10 && \$j->{user}{name} eq q(blue)" &&
	sed -n 2p out >one && is one "\$j->{class_uid} == 3003 && grep { \$_ eq q(host *.example.com) } @{\$j->{privileges}}" && sed -n 3p out >one &&
	is one "\$j->{user}{name} eq q(claude) && \$j->{session}{expiration_time} == 1795486503000 && \$j->{metadata}{original_event_uid} eq q(4)" &&
	grep "\"event_code\":\"refuse\"" out | head -n 1 >one && is one "\$j->{status_id} == 2 && \$j->{status_code} eq q(outside-ceiling)"
'
test_expect_success 'OCSF: the raw data are the lines of the log' '
	perl -MJSON::PP -ne "print decode_json(\$_)->{raw_data}" out | sort -u >raw && cat made/*.jsonl | sort -u >lines && test "$(comm -23 raw lines | wc -l)" = 0 && test -s raw
'
test_expect_success 'the check itself finds what is wrong' '
	for edit in "s/\"severity_id\":1,//" "s/\"factor_type_id\":10/\"factor_type_id\":12/" "s/\"time\":/\"when\":/" "s/\"status_id\":1/\"status_id\":\"1\"/" \
		"s/\"privileges\":\[[^]]*\],//" "s/claude/clauda/" "2d"; do sed "$edit" out >edited && ! cmp -s out edited && ! check <edited >said || { echo "$edit" && return 1; }; done
'
test_expect_success 'OCSF: of a daemon, with a touch that nobody gave' '
	hs_softkey_start blue && hs_softkey blue touch-next && handseal enroll --device "softkey:$HS_TMP/blue.sock" --name blue --owner "A. Person" >out &&
	rm -f "$XDG_CONFIG_HOME/handseal/policy" && hs_handseald_start && hs_softkey blue touch-next && handseal open --user deploy --host web1.example.com --cmd uptime >out &&
	handseal request --user deploy --host web1.example.com --cmd uptime --agent claude -o job >out && does 3 outside-ceiling handseal request --user root --host web1.example.com --cmd id -o job3 &&
	handseal close >out && hs_softkey blue fault deny && { handseal open --user deploy --host web1.example.com --cmd uptime >out 2>&1; test $? != 0; } && hs_stop handseald &&
	handseal audit export --format ocsf >out && check <out && grep "\"class_uid\":3002.*\"status_id\":2" out && grep "\"class_uid\":3003.*\"status_id\":2" out
'
test_expect_success 'a table: all records, quoted and with CRLF' '
	csv made && cells out >rows && is rows "@\$j == $(cat made/*.jsonl | wc -l) && \$j->[0]{event} eq q(start) && \$j->[3]{scope} =~ /^host web1.example.com\$/m && \$j->[3]{reason} eq q(why \"not\")" &&
	is rows "\$j->[1]{time} eq q(2026-11-24T02:00:02Z) && \$j->[2]{serial} eq q(9223372036854775810) && \$j->[2]{root} eq q(blue)" &&
	test "$(perl -MJSON::PP -0777 -ne "print decode_json(\$_)->[0]{line_sha256}" rows)" = "$(head -n 1 made/audit.0*.jsonl | sha256sum | cut -d" " -f1)" &&
	csv made --event issue --since 2026-11-24T04:00:00Z && cells out >rows && is rows "@\$j == 4"
'
test_expect_success 'no cell is a formula, whatever the log says' '
	for x in "=cmd|1!A1" "+1" "-1" "@SUM(1)" "|a" "$(printf "\t=1")" "$(printf "\n=1")"; do
		rm -rf bad && mkdir bad && auditctl make bad reason="$x" agent="$x" && csv bad && cells out >rows && tame && is rows "\$j->[3]{reason} =~ /^[^=+\\-\@|\\t\\n]/ && \$j->[3]{agent} =~ /^[^=+\\-\@|\\t\\n]/" || return 1
	done && rm -rf bad && mkdir bad && auditctl make bad reason="$(printf "a\",\"b\r\n\033[1m<x>")" && csv bad && cells out >rows && is rows "\$j->[3]{reason} =~ /^a\",\"b/" && ocsf bad && check <out && clean
'
test_expect_success 'usage' '
	usage audit export && usage audit export --format xml && usage audit export --format csv x && does 1 "nonesuch" handseal audit export --format csv --log nonesuch &&
	does 1 "could be written" sh -c "handseal audit export --format csv --log made >/dev/full"
'
hs_done
