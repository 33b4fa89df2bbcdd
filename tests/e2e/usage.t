#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: each command's --help and the synopsis of its manual name the same options; both are written by hand.
# What the options do is the commands' own tests'.
test_description='usage and manuals'
. "$(dirname "$0")/../lib/e2e.sh"
hs_init "$@"

man=$HS_SRC/docs/man

# in_manual PAGE COMMAND: a line for each option in the synopsis of COMMAND, without --json and --help, which
# handseal(1) says of all; where the synopsis says scope, the options of that section too
in_manual() {
	perl -e '
		my ($page, $command, $part, $here, %seen, @scope) = @ARGV;
		open F, "<", $page or die;
		while (<F>) {
			$part = $1 if /^\.S[hs] (.*)/;
			push @scope, $1 if $part eq "Scope" && /^\.It Fl Fl ([a-z-]+)/;
			next unless $part eq "SYNOPSIS";
			$here = $command eq "" if /^\.Nm/;
			$here = grep { $_ eq $command } split /[ |]+/, $1 if $command ne "" && $part eq "SYNOPSIS" && /^\.Cm (.*)/ && $new;
			$new = /^\.Nm/;
			next unless $here;
			s/^\.Cm revoke --by-root/Fl Fl by-root/;
			$seen{"--$1"} = 1 while /Fl (?:Fl |-)([a-z-]{2,})/g;
			$seen{"-$1"} = 1 while /Fl ([A-Za-z])\b/g;
			$seen{SCOPE} = 1 if /Ar scope\b/;
		}
		@seen{map "--$_", @scope} = () if delete $seen{SCOPE};
		print "$_\n" for sort grep !/^--(json|help)$/, keys %seen;
	' "$@"
}
# in_help <TEXT: likewise
in_help() { grep -o -E -e '(^|[^A-Za-z0-9-])--?[A-Za-z][a-z-]*' | grep -o -e '-.*' | grep -v -x -e --json -e --help | LC_ALL=C sort -u; }

# same HELP PAGE COMMAND: both name the same, and something
same() { in_help <"$1" >usage && in_manual "$2" "$3" >manual && diff usage manual; }

test_expect_success 'each command of handseal' '
	handseal --help | sed -n "s/^  \([a-z]*\)  .*/\1/p" | grep -v -x audit >commands && test $(wc -l <commands) -ge 19 && : >all &&
	for c in $(cat commands); do
		handseal $c --help | sed -e "/^$/,\$d" -e "/SSH: /d" >help && same help "$man/handseal.1" $c && cat usage >>all || { echo "# $c" && return 1; }
	done && test $(sort -u all | wc -l) -ge 40
'
test_expect_success 'handseal audit' '
	handseal audit --help | sed -e "/^$/,\$d" -e "/FILTER:/d" >help &&
	for c in verify show report export evidence; do
		awk -v c=$c "{ sub(/^usage: handseal audit /, \"\"); \$1 = \$1 } \$1 == c" help >one && same one "$man/handseal-audit.1" $c && test -s usage || { echo "# $c" && return 1; }
	done
'
test_expect_success 'handseal-verify' '
	{ handseal-verify 2>&1 || :; } | grep -v -e --version >help && same help "$man/handseal-verify.8" "" && test $(wc -l <usage) -ge 15
'
test_done
