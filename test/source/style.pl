# What can be told of pgindent's style without pgindent: prints each line that
# breaks a rule, and fails if there is one.
use strict;
use warnings;

my $faults = 0;

sub fault
{
	my ($file, $rule) = @_;
	print "$file:$.: $rule\n";
	$faults++;
}

sub check_text
{
	my ($file, $line) = @_;
	fault($file, 'a carriage return') if $line =~ /\r/;
	# Pages hold tables as psql prints them.
	fault($file, 'blanks at the end of the line') if $line =~ /[ \t]\n/ && $file !~ /\.md$/;
	fault($file, 'no end of line at the end of the file') if $line !~ /\n\z/;
}

sub check_c
{
	my ($file, $line) = @_;
	chomp $line;
	my $columns = $line;
	1 while $columns =~ s/^([^\t]*)\t/$1 . ' ' x (4 - length($1) % 4)/e;
	fault($file, 'longer than 140 columns') if length $columns > 140 && $line !~ /"/;
	fault($file, 'blanks where a tab indents') if $line =~ /^\t* {4}/ || $line =~ /^ +[^ *]/;
	# Not what strings, characters and comments hold.
	$line =~ s/"(?:[^"\\]|\\.)*"/""/g;
	$line =~ s/'(?:[^'\\]|\\.)*'/' '/g;
	fault($file, 'a comment in //') if $line =~ m{//};
	return if $line =~ m{^\s*(?:/?\*|#)};
	$line =~ s{/\*.*}{};
	fault($file, 'no blank after a keyword') if $line =~ /\b(?:if|for|while|switch)\(/;
	fault($file, 'a brace that is not on a line of its own') if $line =~ /(?:\b(?:if|for|while|switch) \(.*\)|\b(?:else|do)) \{$/ || $line =~ /\} else\b/;
	fault($file, 'a blank before a comma or a semicolon') if $line =~ / [,;]/ && $line !~ /for \(.*;|^\s*;/;
}

sub read_file
{
	my ($file, @checks) = @_;
	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>)
	{
		$_->($file, $line) for @checks;
	}
	close $in;
}

my @c = map { glob } qw(src/*.[ch] src/*/*.[ch] src/*/*/*.[ch] test/unit/*.[ch]);
my @others = map { glob } qw(Makefile *.md *.json *.control bin/* .ci/* doc/*.md demo/* demo/*/* bench/* sql/*.sql sql/install/*.sql test/t/*.pl test/pgtap/*.sql test/source/* test/unit/Makefile);
die "there are no sources\n" if @c < 100 || @others < 50;
read_file($_, \&check_text, \&check_c) for @c;
read_file($_, \&check_text) for grep { -f $_ } @others;
exit($faults > 0);
