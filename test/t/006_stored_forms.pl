# Bytes that version 0.1.0 stored mean the same for ever. They are put together
# here by hand from the layouts in cashflow_math.h, concentration_math.h,
# scorecard_math.h, tally_math.h, confusion_math.h, distribution_math.h, binning_math.h, vegetation_math.h,
# vegetation_norm_math.h and crop_library_math.h, not copied from what the code writes.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('stored_forms');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION agririsk CASCADE; ALTER DATABASE postgres SET search_path = agririsk, public');

# Doubles, little-endian: sign and exponent + 1023 in twelve bits, then the fraction.
my %double = (
	'0' => '0000000000000000', '-2.25' => '00000000000002c0', '-2' => '00000000000000c0', '-1' => '000000000000f0bf', '-0.5' => '000000000000e0bf', '-0.25' => '000000000000d0bf',
	'2^-60' => '000000000000303c', '0.125' => '000000000000c03f', '0.25' => '000000000000d03f', '0.5' => '000000000000e03f', '0.75' => '000000000000e83f',
	'1' => '000000000000f03f', '2' => '0000000000000040', '20' => '0000000000003440', '50' => '0000000000004940',
	'300' => '0000000000c07240', '600' => '0000000000c08240', '1200.5' => '0000000000c29240');

# A string is its length and its bytes; all here are short.
sub string { return sprintf('%02x', length $_[0]) . unpack('H*', $_[0]) }

my %form = (
	cashflow => {
		text => '2024-01 +1200.5/3 -300.0001/1 0/2 3+,7; 2024-04 -2/1 9',
		bytes => [
			'01', '00', '02',    # version, reserved, two months
			'87ee0b',            # (2024 * 12 months skipped since month -1) * 8 + in, out and zero = 194311 = 11 * 128^2 + 110 * 128 + 7
			'02', 'e5d30e',      # three inflows, 120050 hundredths * 2 + 1 = 240101 = 14 * 128^2 + 83 * 128 + 101
			'00', '829bee02',    # one outflow, 3000001 units * 2 = 6000002 = 2 * 128^3 + 110 * 128^2 + 27 * 128 + 2
			'01',                # two zeros
			'44000000', '03',    # days 3 and 7; not the last of them had the last inflow, but day 3
			'12',                # two months skipped * 8 + out
			'00', '9103',        # one outflow, 200 hundredths * 2 + 1 = 401 = 3 * 128 + 17
			'00010000'           # day 9
		]
	},
	concentration => {
		text => '{"apple": 1200.5, "rice": 300+8.673617379884035e-19}',    # 2^-60
		bytes => [
			'01', '00', '02',                       # version, reserved, two keys
			'0a', unpack('H*', 'apple'), $double{'1200.5'},                        # length * 2
			'09', unpack('H*', 'rice'), '00', $double{'300'}, $double{'2^-60'}     # length * 2 + 1: of more than one part; two
		]
	},
	calibration => {
		text => 'excluded 0/300/1; 0 200/0; 0.5 1/3',
		bytes => [
			'01', '00', '00', 'ac02', '01',         # version, reserved, excluded: 300 = 2 * 128 + 44
			'02', 'c901', '03',                     # two PDs, 201 goods = 128 + 73, three bads
			('80') x 9, '01',                       # 0 has no bit set; its key has the sign turned over: 2^63, the 64th bit
			'9c06',                                 # 199 * 4 + goods = 796 = 6 * 128 + 28
			# 0.5 is 3fe0000000000000, which is the step: nothing up to bit 48, bits 49 to 55: 1110000; 56 to 62: 0111111
			('80') x 7, 'f0', '3f',
			'02', '02'                              # both classes, one good - 1; three bads - 1
		]
	},
	distribution => {
		text => '{"names": {"maize": 300, "rice": 5}, "missing": 2, "unweighted": 1}',
		bytes => [
			'81', '00', '02', '01', '02',           # names, reserved, missing, unweighted, two names
			string('maize'), 'ac02',                # its rows: 300 = 2 * 128 + 44
			string('rice'), '05'
		]
	},
	confusion => {
		text => '{"counts": [["maize", "maize", 300], ["rice", "maize", 2], ["rice", "rice", "maize", 1]], "excluded": 4}',
		bytes => [
			'01', '00', '04',                       # version, reserved, excluded
			'02', string('maize'), string('rice'),  # the names
			'03',                                   # cells: stratum, truth, predicted, rows
			'00', '00', '00', 'ac02', '00', '01', '00', '02', '00', '01', '01', '01'
		]
	},
	roc => {
		text => 'excluded 0/300/1; -0.5 200/0; 0.5 1/3',
		bytes => [
			'01', '00', '00', 'ac02', '01',         # version, reserved, excluded: 300 = 2 * 128 + 44
			'02', 'c901', '03',                     # two scores, 201 goods = 128 + 73, three bads
			# -0.5 is bfe0000000000000; its key has every bit turned over: 401fffffffffffff, 56 ones in front of 40 * 2 + 0
			('ff') x 7, '8f', '40',                 # 7 * 7 = 49 ones, then bits 49 to 55, 0001111; 56 to 62, 1000000
			'9c06',                                 # 199 * 4 + goods = 796 = 6 * 128 + 28
			# 0.5 is 3fe0000000000000; its key has the sign turned over: bfe0000000000000. The step is 7fc0000000000001
			'81', ('80') x 6, 'e0', '7f',           # 1, nothing up to bit 48, bits 49 to 55: 1100000; 56 to 62: 1111111
			'02', '02'                              # both classes, one good - 1; three bads - 1
		]
	},
	vegetation => {
		text => '{"observations": {"2024-05-01": [0.25, 0.33333334], "2024-06-30": [300, -0.5]}, "missing": 300, "spikes": 1}',
		bytes => [
			'01', '00', 'ac02', '00', '00', '01',   # version, reserved, rows left out: 300 = 2 * 128 + 44
			'02', '02', 'ee8a01', '3b',             # two dates of two bands; day 8887 * 2 = 17774 = 128^2 + 10 * 128 + 110; 60 - 1 days
			'0a', '32', '0000', '1775',             # two bytes + 4 * two decimals; 25 * 2; 25 and 30000 less 25: 29975 = 0x7517
			'ff', 'abaaaa3e', '000000bf'            # floats
		]
	},
	vegetation_norm => {
		text => '{"step_days": 8, "band": 2, "lambda": 0.5, "series": 300, "dates": [["1999-12-24", 2, -0.5, 0, 0, 0, 0.25, 0.25, 0.25, 0.5, 2], ["2000-01-09", 300, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]]}',
		bytes => [
			'01', '00', '08', '02', $double{'0.5'}, # version, reserved, step, band, lambda
			'ac02', '02', '01', '01',               # series: 300 = 2 * 128 + 44; two dates: one step before 2000-01-01, one step between them
			'02', '000000bf', ('00000000') x 3, ('0000803e') x 3, '0000003f', '00000040',
			'ac02', ('0000003f') x 9
		]
	},
	crop_library => {
		text => join('',
			'01', '00', '02', '05', '40', $double{'0.5'}, $double{'-0.5'}, $double{'50'}, '01', '01',    # version, reserved, options, bands, sources
			'1f', '01', string('rice'), '01', $double{'1'}, '01', '00', '01', '02', '0e', '3c', '0000803e', '0000003f', '00', '00'),
		bytes => [
			'01', '00',                             # version, reserved
			'02', '05', '40',                       # method patterns, five observations, a gap of 64 days
			$double{'0.5'}, $double{'-0.5'}, $double{'50'},    # margin, alpha, beta
			'01', '01', '1f',                       # one band, one source of 31 bytes
			'01', string('rice'), '01',             # one crop of one series
			$double{'1'},                           # the band's factor
			'01', '00', '01', '02', '0e', '3c',     # one pattern: of the first crop and one series; two points, on days 14 and 60
			'0000803e', '0000003f',                 # 0.25 and 0.5
			'00', '00'                              # no calibration, no kernel machine
		]
	},
	binning => {
		text => '{"format": 1, "type": "number", "trend": "descending", "bins": [{"high": 0.5, "goods": 1, "bads": 200}, {"goods": 3, "bads": 4}],'
		  . ' "special": [{"value": -1, "goods": 5, "bads": 0}], "missing": {"policy": "worst", "goods": 6, "bads": 7}, "excluded": {"outcome": 300, "weight": 1},'
		  . ' "trends": {"descending": {"bins": 2, "iv": 0.25, "out_of_fold_iv": 0.125}, "peak": {"bins": 1, "iv": 0.5}}}',
		bytes => [
			'01', '00', '00', '02', '01', '00',    # version, reserved, a number, descending, missing is worst, unseen is average
			'ac02', '01', '06', '07',              # left out: 300 = 2 * 128 + 44 for their outcome, one for its weight; missing
			'02', $double{'0.5'},                  # two bins, the cut
			'01', 'c801', '03', '04',              # their good and bad rows, 200 = 128 + 72
			'01', $double{'-1'}, '05', '00',       # a special value
			'00', '00',                            # no bins without trend, none ascending
			'02', $double{'0.25'}, '01', $double{'0.125'},    # descending: two bins, IV, out of fold
			'01', $double{'0.5'}, '00',                       # peak: one, and nothing out of fold
			'00'                                              # valley
		]
	},
	scorecard => {
		text => '{"format": 1, "name": "r", "intercept": -2.25, "scale": {"base_score": 600, "base_odds": 50, "pdo": 20}, "features": ['
		  . '{"name": "cv", "type": "number", "weight": 0.5, "reason": "low", "consent": "ok", "bins": [{"high": 0.75, "woe": -0.5}, {"low": 0.75, "woe": 1}],'
		  . ' "special": [{"values": [-1], "woe": 0.125}], "missing": {"woe": 0.25}},'
		  . ' {"name": "crop", "type": "category", "bins": [{"categories": ["rice", "tea"], "woe": -0.25}, {"categories": ["apple"], "woe": 0.25}], "missing": "worst", "unseen": "error"}],'
		  . ' "segments": [{"name": "51", "intercept": -2}, {"name": "5101", "parent": "51", "weights": {"cv": 2}}]}',
		bytes => [
			'01', '000000', string('r'), @double{ '600', '50', '20', '-2.25' },    # version, reserved, name, scale, intercept
			'02',                                                                  # features
			string('cv'), '00', $double{'0.5'}, string('low'), string('ok'),       # a number, its weight, reason, consent
			'01', $double{'0.25'}, '00',                                           # missing has a WOE; unseen is average
			'02', @double{ '0.75', '-0.5', '1' },                                  # bins: the cut, two WOEs
			'01', '01', @double{ '-1', '0.125' },                                  # special: one of one value, its WOE
			string('crop'), '01', $double{'1'}, string(''), string(''),            # a category
			'02', '02',                                                            # missing is worst, unseen an error
			'02', '02', string('rice'), string('tea'), $double{'-0.25'}, '01', string('apple'), $double{'0.25'},
			'00',                                                                  # nothing special
			'02',                                                                  # segments
			string('51'), string(''), '01', $double{'-2'}, '00',                   # of the root, with an intercept, no weights
			string('5101'), string('51'), '00', '01', '00', $double{'2'}           # no intercept; one weight: feature 0
		]
	},
	# With linear features, counts and a fit.
	fitted => {
		type => 'scorecard',
		text => '{"format": 1, "name": "f", "scale": {"base_score": 600, "base_odds": 50, "pdo": 20}, "intercept": -2.25, "features": ['
		  . '{"name": "age", "type": "linear", "weight": 0.5, "center": 50, "low": 20, "high": 300, "missing": {"woe": 0.25, "goods": 300, "bads": 0}},'
		  . ' {"name": "y", "type": "linear", "weight": 1, "center": 0},'
		  . ' {"name": "cv", "type": "number", "weight": 1, "bins": [{"high": 0.75, "woe": -0.5, "goods": 5, "bads": 1}, {"low": 0.75, "woe": 1}],'
		  . ' "special": [{"values": [-1], "woe": 0.125, "goods": 0, "bads": 2}]},'
		  . ' {"name": "crop", "type": "category", "weight": 1, "bins": [{"categories": ["apple"], "woe": 0.25}, {"categories": ["rice"], "woe": 0.5, "goods": 7, "bads": 3}], "missing": "worst"}],'
		  . ' "segments": [{"name": "51", "intercept": -2}], "fit": {"rows": 300, "bads": 5, "iterations": 6, "folds": 5, "encoding": "woe", "assumptions": "low", "weight_unit": 0.5, "log_likelihood": -2.25, "ridge": 0.25, "shift": -0.5,'
		  . ' "in_sample": {"auc": 0.75, "auc_low": 0.5, "auc_high": 1}, "out_of_fold": {"rows": 299, "log_loss": 0.125}, "excluded": {"missing": 0, "outcome": 2},'
		  . ' "tried": [{"name": "age", "iv": 0.25, "vif": 2}, {"name": "z", "dropped": "one value"}],'
		  . ' "terms": [{"coefficient": -1, "se": 0.5}, {"feature": "age", "coefficient": 0.5}, {"feature": "crop", "level": "rice", "coefficient": 0.5, "se": 0.25}],'
		  . ' "covariance": [0.25, -0.5, 1, 0.125, 0.75, 2], "spreads": [{"level": 1, "sd": 0.5}, {"level": 1, "feature": "age", "sd": 0.25}],'
		  . ' "segments": [{"rows": 300, "bads": 5, "gain": 0.75, "p": 0.125, "note": "ok"}]}}',
		bytes => [
			'01', '03', '0000', string('f'), @double{ '600', '50', '20', '-2.25' },    # flags: counts and a fit
			'04',                                                                  # features
			string('age'), '02', $double{'0.5'}, string(''), string(''),           # linear
			'01', $double{'0.25'}, 'ad02', '01', '00',                             # missing has a WOE; 301 = 2 * 128 + 45 and 1 are 300 goods and no bads
			$double{'50'}, '01', @double{ '20', '300' },                           # center, a range
			string('y'), '02', $double{'1'}, string(''), string(''), '00', '00', $double{'0'}, '00',    # neither missing nor a range
			string('cv'), '00', $double{'1'}, string(''), string(''), '00', '00',
			'02', $double{'0.75'}, $double{'-0.5'}, '06', '02', $double{'1'}, '00', '00',               # counts of one bin, none of the other
			'01', '01', @double{ '-1', '0.125' }, '01', '03',
			string('crop'), '01', $double{'1'}, string(''), string(''), '02', '00',
			'02', '01', string('apple'), $double{'0.25'}, '00', '00', '01', string('rice'), $double{'0.5'}, '08', '04', '00',
			'01', string('51'), string(''), '01', $double{'-2'}, '00',             # a segment
			'ad02', '06', '07', '06', 'ac02', string('woe'), string(''),           # the fit: rows, bads, iterations, folds, rows out of fold, encoding, selection
			string('low'), $double{'0.5'},                                         # assumptions, weight unit
			'01', $double{'-2.25'}, '00', '01', $double{'0.25'}, '00', '00', '01', $double{'-0.5'},     # log-likelihood, null, ridge, lasso, lambda, shift
			'00', '01', $double{'0.75'}, '01', $double{'0.5'}, '01', $double{'1'}, # in sample: log loss, AUC, its interval
			'01', $double{'0.125'}, '00', '00', '00',                              # out of fold
			'02', string('missing'), '01', string('outcome'), '03',                # excluded
			'02', string('age'), string(''), '01', $double{'0.25'}, '00', '01', $double{'2'},           # tried: IV, out of fold, VIF
			string('z'), string('one value'), '00', '00', '00',
			'03', '00', '00', $double{'-1'}, '01', $double{'0.5'},                 # terms: the intercept
			'01', '00', $double{'0.5'}, '00',                                      # feature 0, no standard error
			'04', '01', string('rice'), $double{'0.5'}, '01', $double{'0.25'},     # feature 3, a level
			'06', @double{ '0.25', '-0.5', '1', '0.125', '0.75', '2' },            # the covariances
			'02', '01', '00', $double{'0.5'}, '01', '01', $double{'0.25'},         # spreads: level, the intercept or feature 0, sd
			'01', 'ad02', '06', string('ok'), '01', $double{'0.75'}, '00', '01', $double{'0.125'}, '00'    # the segment: rows, bads, note; gain, out of fold, p, shrinkage
		]
	});

# Reads bytes through COPY BINARY into a column; returns what went wrong.
my $folder = PostgreSQL::Test::Utils::tempdir;
sub copy_in
{
	my ($form, $hex) = @_;
	my $file = "$folder/$form";
	unlink $file;
	open my $out, '>:raw', $file or die $!;
	print $out "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length($hex) / 2), pack('H*', $hex), pack('n', 0xffff);
	close $out;
	return ($node->psql('postgres', "\\set VERBOSITY verbose\nCOPY of_$form FROM '$file' (FORMAT binary)"))[2];
}

for my $form (sort keys %form)
{
	my $text = $form{$form}{text};
	my $type = $form{$form}{type} // $form;
	my $hex = join '', @{ $form{$form}{bytes} };
	$node->safe_psql('postgres', "CREATE TABLE of_$form (v $type)");
	is(copy_in($form, $hex), '', "$form: the bytes are read");
	is($node->safe_psql('postgres', "SELECT encode(${type}_send(v), 'hex') FROM of_$form"), $hex, 'and sent as they came');
	is($node->safe_psql('postgres', "SELECT encode(${type}_send('$text'), 'hex')"), $hex, 'the text makes the same bytes');
	is($node->safe_psql('postgres', "SELECT v = '$text' FROM of_$form"), 't', 'and so the same value');
	is($node->safe_psql('postgres', "SELECT encode(${type}_send(v::text::$type), 'hex') FROM of_$form"), $hex, 'and so does the text that is written');
	is($node->safe_psql('postgres', "SELECT v FROM of_$form"), $text, 'which is this') unless $form eq 'scorecard';

	# What a later version wrote, or set a reserved bit in, is not guessed at.
	for my $damage ([ 0, '02', 'another version' ], [ 2, '80', 'a reserved bit' ], [ length($hex) - 2, '', 'the last byte missing' ], [ length($hex), '00', 'a byte more' ])
	{
		my ($at, $byte, $title) = @$damage;
		(my $other = $hex) =~ s/^(.{$at}).{0,2}/$1$byte/;
		like(copy_in($form, $other), qr/ERROR:  22P03: invalid (?:binary form of type|stored) $type.*\nDETAIL:  .*\nHINT:  /, "$title is refused");
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM of_$form"), 1, 'and not stored');
}
# Scaled by default, so the card's JSON leaves the scale out.
is($node->safe_psql('postgres', "SELECT v::jsonb \@> '" . ($form{scorecard}{text} =~ s/"scale": \{.*?\}, //r =~ s/"low": 0\.75, //r) . "' FROM of_scorecard"), 't', 'the card reads as its JSON');

# ---------- another encoding ----------

# The binary form has its names in UTF-8 whatever the database's encoding: é is
# one byte here and two there.
$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
$node->safe_psql('latin', 'CREATE EXTENSION agririsk CASCADE');
my %named = (
	concentration => [ '{"caf?": 1, "z": 1}', '01', '00', '02', '0a' . unpack('H*', "caf\xc3\xa9"), $double{'1'}, '02' . unpack('H*', 'z'), $double{'1'} ],
	distribution => [ '{"names": {"caf?": 1, "z": 1}}', '81', '00', '00', '00', '02', string("caf\xc3\xa9"), '01', string('z'), '01' ],
	confusion => [ '{"counts": [["caf?", "z", 1]], "excluded": 0}', '01', '00', '00', '02', string("caf\xc3\xa9"), string('z'), '01', '01', '00', '01', '01' ]);
for my $type (sort keys %named)
{
	my ($text, @bytes) = @{ $named{$type} };
	my $hex = join '', @bytes;
	my $value = "replace('$text', '?', chr(233))::$type";
	is($node->safe_psql('latin', "SET search_path = agririsk, public; SELECT encode(${type}_send($value), 'hex')"), $hex, "$type: sent in UTF-8 from another encoding");
	my $file = "$folder/latin_$type";
	open my $out, '>:raw', $file or die $!;
	print $out "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length($hex) / 2), pack('H*', $hex), pack('n', 0xffff);
	close $out;
	is($node->safe_psql('latin', "SET search_path = agririsk, public; CREATE TABLE of_$type (v $type); COPY of_$type FROM '$file' (FORMAT binary); SELECT v = $value FROM of_$type"), 't', 'and received there');
}

# A name that would not fit the binary form is refused at once, in words that
# are of the database's encoding: é 128 times is 256 bytes of UTF-8, 127 times 254.
for my $made (
	'distribution_agg(?)', 'confusion_agg(?, ?)', q{confusion_agg('a', 'a', ?)},
	q{('{"names": {"' || ? || '": 1}}')::distribution}, q{('{"counts": [["a", "' || ? || '", 1]]}')::confusion})
{
	my $sent = $made =~ /distribution/ ? 'distribution' : 'confusion';
	my $fits = $made =~ s/\?/repeat(chr(233), 127)/gr;
	my $not = $made =~ s/\?/repeat(chr(233), 128)/gr;
	is($node->safe_psql('latin', "SET search_path = agririsk, public; SELECT length(${sent}_send($fits)) > 254"), 't', "$made: 254 bytes of UTF-8 are sent");
	my (undef, undef, $error) = $node->psql('latin', "SET search_path = agririsk, public; SELECT $not");
	like($error, qr/ is too long\nDETAIL:  "\xe9{64}\.\.\." has 256 bytes in UTF-8\. At most 255 are allowed\.\n/, "$made: 256 are refused");
}


# ---------- from one encoding to another ----------

# Two characters that sort one way in EUC_CN (b0b2, b1a3), the other way in UTF-8
# (e5ae89, e4bf9d), and two that only LATIN1 has.
my ($an, $bao) = ("\xe5\xae\x89", "\xe4\xbf\x9d");
my ($cedilla, $tilde) = ("\xc3\xa7", "\xc3\xb1");
my %pair = (euc => [ $an, $bao ], latin => [ $cedilla, $tilde ]);
my $card_of = sub {
	my ($first, $second) = @_;
	return qq({"format": 1, "name": "$first", "intercept": -1, "features": [{"name": "$second", "type": "category", "weight": 1, "reason": "$first", "consent": "$second",)
	  . qq( "bins": [{"categories": ["$second"], "woe": 1}, {"categories": ["$first", "rice"], "woe": -1}]}], "segments": [{"name": "$first"}, {"name": "$second", "parent": "$first"}],)
	  . qq( "fit": {"rows": 9, "bads": 3, "encoding": "$first", "selection": "$second", "assumptions": "$first", "excluded": {"$first": 1, "$second": 2},)
	  . qq( "tried": [{"name": "$second"}, {"name": "$first", "dropped": "$second"}],)
	  . qq( "terms": [{"coefficient": -1}, {"feature": "$second", "level": "$first", "coefficient": 0.5}, {"feature": "$second", "level": "$second", "coefficient": 0.25}],)
	  . qq( "covariance": [1, 2, 3, 4, 5, 6], "segments": [{"rows": 4, "bads": 1, "note": "$first"}, {"rows": 5, "bads": 2}]}});
};
my %value_of = (
	concentration => sub { qq({"$_[0]": 1, "$_[1]": 2}) },
	distribution => sub { qq({"names": {"$_[0]": 1, "$_[1]": 2}}) },
	confusion => sub { qq({"counts": [["$_[0]", "$_[1]", 1], ["$_[1]", "rice", "$_[0]", 2]]}) },
	binning => sub { qq({"format": 1, "type": "category", "bins": [{"categories": ["$_[0]", "rice", "$_[1]"], "goods": 5, "bads": 3}]}) },
	scorecard => $card_of);

$node->safe_psql('postgres', "CREATE DATABASE euc ENCODING 'EUC_CN' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
$node->safe_psql('postgres', "CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
$node->safe_psql('postgres', "CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
$node->safe_psql($_, 'CREATE EXTENSION agririsk CASCADE') for qw(euc ascii);
# What it says to text in UTF-8, in whatever database.
sub ask
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, "SET client_encoding = 'UTF8'; SET search_path = agririsk, public; $sql");
}

for my $database (qw(euc latin))
{
	for my $type (sort keys %value_of)
	{
		my $text = $value_of{$type}->(@{ $pair{$database} });
		my $table = "moved_${database}_$type";
		ask($_, "CREATE TABLE public.$table (v $type)") for ('postgres', $database, 'ascii');
		ask($database, "INSERT INTO $table VALUES ('$text')");
		my $wire = ask($database, "SELECT encode(${type}_send(v), 'hex') FROM $table");
		is(ask('postgres', "SELECT encode(${type}_send('$text'), 'hex')"), $wire, "$type: $database sends what UTF8 does");
		is(ask('ascii', "SET client_encoding = 'SQL_ASCII'; SELECT encode(${type}_send('$text'), 'hex')"), $wire, 'and SQL_ASCII, where the names are UTF-8');

		ask($database, "COPY $table TO '$folder/$table' (FORMAT binary)");
		ask('postgres', "COPY $table FROM '$folder/$table' (FORMAT binary)");
		is(ask('postgres', "SELECT v = '$text' FROM $table"), 't', 'the value arrives in UTF8');
		ask('postgres', "COPY $table TO '$folder/$table.back' (FORMAT binary)");
		ask($database, "COPY $table FROM '$folder/$table.back' (FORMAT binary)");
		is(ask($database, "SELECT count(DISTINCT v) FROM $table"), 1, 'and comes back the same');
		ask('ascii', "SET client_encoding = 'SQL_ASCII'; COPY $table FROM '$folder/$table' (FORMAT binary)");
		is(ask('ascii', "SET client_encoding = 'SQL_ASCII'; SELECT v = '$text' FROM $table"), 't', 'and arrives in SQL_ASCII, in UTF-8');
		my $foreign = $database eq 'euc' ? 'latin' : 'euc';
		ask($foreign, "CREATE TABLE public.$table (v $type)");
		like(($node->psql($foreign, "COPY $table FROM '$folder/$table' (FORMAT binary)"))[2],
			qr/ERROR:  character with byte sequence .* in encoding "UTF8" has no equivalent in encoding "(?:LATIN1|EUC_CN)"/, "$foreign refuses what it cannot write");
	}
}
# The card's terms were in the order of EUC_CN, and their covariances with them.
is(ask('postgres', "SELECT v::jsonb #>> '{fit,covariance}' FROM moved_euc_scorecard"), '[1, 4, 6, 2, 5, 3]', 'covariances go with their terms');
is(ask('euc', "SELECT v::jsonb #>> '{fit,covariance}' FROM moved_euc_scorecard LIMIT 1"), '[1, 2, 3, 4, 5, 6]', 'and had been in the other order');
# Names that are not UTF-8 have no binary form.
like(($node->psql('ascii', "SET search_path = agririsk, public; SELECT ${_}_send('" . $value_of{$_}->("\xe9", 'z') . "')"))[2],
	qr/ERROR:  invalid byte sequence for encoding "UTF8": 0xe9/, "$_: SQL_ASCII does not send bytes that are not UTF-8") for sort keys %value_of;

# Dumps are text.
for my $database (qw(euc latin))
{
	$node->command_ok([ 'pg_dump', '-p', $node->port, '-h', $node->host, '-f', "$folder/dump", $database ], "$database is dumped");
	$node->safe_psql('postgres', 'DROP DATABASE restored');
	$node->safe_psql('postgres', "CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
	$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-p', $node->port, '-h', $node->host, '-f', "$folder/dump", 'restored' ], 'and restored in UTF8');
	is(ask('restored', "SELECT bool_and(v = '" . $value_of{$_}->(@{ $pair{$database} }) . "') FROM moved_${database}_$_"), 't', "$_: the value is what it was") for sort keys %value_of;
}
$node->stop;
done_testing();
