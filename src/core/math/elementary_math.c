/*
 * elementary_math.c
 *		Elementary functions that give the same bits on every machine. Pure C.
 *
 * Tables in the manner of Tang (1989, 1990, ACM TOMS 15:2 and 16:4): a value is
 * reduced to a nearby table entry, stored as a rounded value and what the
 * rounding left, plus a short series in the small remainder. The tables were
 * computed with 80 decimal digits; the unit test checks the functions against
 * quadruple precision.
 */
#include "core/math/elementary_math.h"

#include <stdint.h>
#include <string.h>

#define LN2_HI		0x1.62e42fefa2000p-1	/* 40 bits: exponent * LN2_HI is exact */
#define LN2_LO		0x1.9ef35793c7673p-41
#define LN2_64_HI	0x1.62e42fef80000p-7	/* ln 2 / 64 in 34 bits */
#define LN2_64_LO	0x1.1cf79abc9e3b4p-42
#define INV_LN2_64	0x1.71547652b82fep+6
#define PI_HI		0x1.921fb54442d18p+1
#define PI_LO		0x1.1a62633145c07p-53

#define LOG_FIRST	90			/* log_table begins at 90/128 */

/* 2^(j/64) */
static const double exp2_table[64][2] = {
	{0x1.0000000000000p+0, 0x0.0p+0},
	{0x1.02c9a3e778061p+0, -0x1.19083535b085dp-56},
	{0x1.059b0d3158574p+0, 0x1.d73e2a475b465p-55},
	{0x1.0874518759bc8p+0, 0x1.186be4bb284ffp-57},
	{0x1.0b5586cf9890fp+0, 0x1.8a62e4adc610bp-54},
	{0x1.0e3ec32d3d1a2p+0, 0x1.03a1727c57b53p-59},
	{0x1.11301d0125b51p+0, -0x1.6c51039449b3ap-54},
	{0x1.1429aaea92de0p+0, -0x1.32fbf9af1369ep-54},
	{0x1.172b83c7d517bp+0, -0x1.19041b9d78a76p-55},
	{0x1.1a35beb6fcb75p+0, 0x1.e5b4c7b4968e4p-55},
	{0x1.1d4873168b9aap+0, 0x1.e016e00a2643cp-54},
	{0x1.2063b88628cd6p+0, 0x1.dc775814a8495p-55},
	{0x1.2387a6e756238p+0, 0x1.9b07eb6c70573p-54},
	{0x1.26b4565e27cddp+0, 0x1.2bd339940e9d9p-55},
	{0x1.29e9df51fdee1p+0, 0x1.612e8afad1255p-55},
	{0x1.2d285a6e4030bp+0, 0x1.0024754db41d5p-54},
	{0x1.306fe0a31b715p+0, 0x1.6f46ad23182e4p-55},
	{0x1.33c08b26416ffp+0, 0x1.32721843659a6p-54},
	{0x1.371a7373aa9cbp+0, -0x1.63aeabf42eae2p-54},
	{0x1.3a7db34e59ff7p+0, -0x1.5e436d661f5e3p-56},
	{0x1.3dea64c123422p+0, 0x1.ada0911f09ebcp-55},
	{0x1.4160a21f72e2ap+0, -0x1.ef3691c309278p-58},
	{0x1.44e086061892dp+0, 0x1.89b7a04ef80d0p-59},
	{0x1.486a2b5c13cd0p+0, 0x1.3c1a3b69062f0p-56},
	{0x1.4bfdad5362a27p+0, 0x1.d4397afec42e2p-56},
	{0x1.4f9b2769d2ca7p+0, -0x1.4b309d25957e3p-54},
	{0x1.5342b569d4f82p+0, -0x1.07abe1db13cadp-55},
	{0x1.56f4736b527dap+0, 0x1.9bb2c011d93adp-54},
	{0x1.5ab07dd485429p+0, 0x1.6324c054647adp-54},
	{0x1.5e76f15ad2148p+0, 0x1.ba6f93080e65ep-54},
	{0x1.6247eb03a5585p+0, -0x1.383c17e40b497p-54},
	{0x1.6623882552225p+0, -0x1.bb60987591c34p-54},
	{0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54},
	{0x1.6dfb23c651a2fp+0, -0x1.bbe3a683c88abp-57},
	{0x1.71f75e8ec5f74p+0, -0x1.16e4786887a99p-55},
	{0x1.75feb564267c9p+0, -0x1.0245957316dd3p-54},
	{0x1.7a11473eb0187p+0, -0x1.41577ee04992fp-55},
	{0x1.7e2f336cf4e62p+0, 0x1.05d02ba15797ep-56},
	{0x1.82589994cce13p+0, -0x1.d4c1dd41532d8p-54},
	{0x1.868d99b4492edp+0, -0x1.fc6f89bd4f6bap-54},
	{0x1.8ace5422aa0dbp+0, 0x1.6e9f156864b27p-54},
	{0x1.8f1ae99157736p+0, 0x1.5cc13a2e3976cp-55},
	{0x1.93737b0cdc5e5p+0, -0x1.75fc781b57ebcp-57},
	{0x1.97d829fde4e50p+0, -0x1.d185b7c1b85d1p-54},
	{0x1.9c49182a3f090p+0, 0x1.c7c46b071f2bep-56},
	{0x1.a0c667b5de565p+0, -0x1.359495d1cd533p-54},
	{0x1.a5503b23e255dp+0, -0x1.d2f6edb8d41e1p-54},
	{0x1.a9e6b5579fdbfp+0, 0x1.0fac90ef7fd31p-54},
	{0x1.ae89f995ad3adp+0, 0x1.7a1cd345dcc81p-54},
	{0x1.b33a2b84f15fbp+0, -0x1.2805e3084d708p-57},
	{0x1.b7f76f2fb5e47p+0, -0x1.5584f7e54ac3bp-56},
	{0x1.bcc1e904bc1d2p+0, 0x1.23dd07a2d9e84p-55},
	{0x1.c199bdd85529cp+0, 0x1.11065895048ddp-55},
	{0x1.c67f12e57d14bp+0, 0x1.2884dff483cadp-54},
	{0x1.cb720dcef9069p+0, 0x1.503cbd1e949dbp-56},
	{0x1.d072d4a07897cp+0, -0x1.cbc3743797a9cp-54},
	{0x1.d5818dcfba487p+0, 0x1.2ed02d75b3707p-55},
	{0x1.da9e603db3285p+0, 0x1.c2300696db532p-54},
	{0x1.dfc97337b9b5fp+0, -0x1.1a5cd4f184b5cp-54},
	{0x1.e502ee78b3ff6p+0, 0x1.39e8980a9cc8fp-55},
	{0x1.ea4afa2a490dap+0, -0x1.e9c23179c2893p-54},
	{0x1.efa1bee615a27p+0, 0x1.dc7f486a4b6b0p-54},
	{0x1.f50765b6e4540p+0, 0x1.9d3e12dd8a18bp-54},
	{0x1.fa7c1819e90d8p+0, 0x1.74853f3a5931ep-55},
};

/* ln(j/128), the first part a multiple of 2^-42 */
static const double log_table[94][2] = {
	{-0x1.68ac83e9c7000p-2, 0x1.7af966c548a30p-44},
	{-0x1.5d5bddf596000p-2, 0x1.a0b2a08a465dcp-47},
	{-0x1.522ae0738a000p-2, -0x1.ebe708164c759p-45},
	{-0x1.4718dc271c000p-2, -0x1.06c18fb4c14c5p-44},
	{-0x1.3c25277333000p-2, -0x1.83b54b606bd5cp-46},
	{-0x1.314f1e1d36000p-2, 0x1.8e27ad3213cb8p-45},
	{-0x1.269621134e000p-2, 0x1.1b61f10522625p-44},
	{-0x1.1bf99635a7000p-2, 0x1.1ac89575c2125p-44},
	{-0x1.1178e8227e000p-2, -0x1.1ef78ce2d07f2p-44},
	{-0x1.07138604d6000p-2, 0x1.e76324e912b17p-44},
	{-0x1.f991c6cb3c000p-3, 0x1.90d04cd7cc834p-44},
	{-0x1.e530effe72000p-3, 0x1.fdbdbb13f7c18p-44},
	{-0x1.d1037f2656000p-3, 0x1.84a7e75b6f6e4p-47},
	{-0x1.bd087383be000p-3, 0x1.d4bc4595412b6p-45},
	{-0x1.a93ed3c8ae000p-3, 0x1.8724350562169p-45},
	{-0x1.95a5adcf70000p-3, -0x1.7f22858a0ff6fp-47},
	{-0x1.823c16551a000p-3, -0x1.e0ddb9a631e83p-46},
	{-0x1.6f0128b756000p-3, -0x1.577390d31ef0fp-44},
	{-0x1.5bf406b544000p-3, 0x1.27023eb68981cp-46},
	{-0x1.4913d8333c000p-3, 0x1.53e43558124c4p-44},
	{-0x1.365fcb015a000p-3, 0x1.fd3a0afb9691bp-44},
	{-0x1.23d712a49c000p-3, -0x1.00d238fd3df5cp-46},
	{-0x1.1178e8227e000p-3, -0x1.1ef78ce2d07f2p-45},
	{-0x1.fe89139dbc000p-4, -0x1.56594d82f7a82p-44},
	{-0x1.da72763844000p-4, -0x1.a89401fa71733p-46},
	{-0x1.b6ac88dad4000p-4, -0x1.b1bdff50225c7p-44},
	{-0x1.9335e5d594000p-4, -0x1.3115c3abd47dap-45},
	{-0x1.700d30aeac000p-4, -0x1.c1e8da99ded32p-49},
	{-0x1.4d3115d208000p-4, 0x1.53a2582f4e1efp-48},
	{-0x1.2aa04a4470000p-4, -0x1.7a48ba8b1cb41p-44},
	{-0x1.08598b59e4000p-4, 0x1.7e5dd7009902cp-46},
	{-0x1.ccb73cddd8000p-5, -0x1.965c36e09f5fep-44},
	{-0x1.894aa149f8000p-5, -0x1.9a19a8be97661p-44},
	{-0x1.466aed42e0000p-5, 0x1.c167375bdfd28p-45},
	{-0x1.0415d89e78000p-5, 0x1.dddc7f461c516p-44},
	{-0x1.8492528c90000p-6, 0x1.aa0ba325a0c34p-45},
	{-0x1.0205658930000p-6, -0x1.611d27c8e8417p-44},
	{-0x1.0101575880000p-7, -0x1.bce251998b506p-44},
	{0x0.0p+0, 0x0.0p+0},
	{0x1.fe02a6b100000p-8, 0x1.9e23f0dda40e4p-46},
	{0x1.fc0a8b0fc0000p-7, 0x1.f1e7cf6d3a69cp-50},
	{0x1.7b91b07d60000p-6, -0x1.3b955b602ace4p-44},
	{0x1.f829b0e780000p-6, 0x1.980267c7e09e4p-45},
	{0x1.39e87b9fe8000p-5, 0x1.eafd480ad9015p-44},
	{0x1.77458f6330000p-5, -0x1.181dce586af09p-44},
	{0x1.b42dd71198000p-5, -0x1.c827ae5d6704cp-46},
	{0x1.f0a30c0118000p-5, -0x1.d599e83368e91p-45},
	{0x1.16536eea38000p-4, -0x1.47c5e768fa309p-46},
	{0x1.341d7961bc000p-4, 0x1.1d09299837610p-44},
	{0x1.51b073f060000p-4, 0x1.83f69278e686ap-44},
	{0x1.6f0d28ae58000p-4, -0x1.4b4641b664613p-44},
	{0x1.8c345d6318000p-4, 0x1.b20f5acb42a66p-44},
	{0x1.a926d3a4ac000p-4, 0x1.563650bd22a9cp-44},
	{0x1.c5e548f5bc000p-4, 0x1.d0c57585fbe06p-46},
	{0x1.e27076e2b0000p-4, -0x1.a342c2af0003cp-45},
	{0x1.fec9131dc0000p-4, -0x1.54555d1ae6607p-44},
	{0x1.0d77e7cd08000p-3, 0x1.cb2cd2ee2f482p-44},
	{0x1.1b72ad52f6000p-3, 0x1.e80a41811a396p-45},
	{0x1.29552f8200000p-3, -0x1.5b967f4471dfcp-44},
	{0x1.371fc201e8000p-3, 0x1.ee8779b2d8abcp-44},
	{0x1.44d2b6ccb8000p-3, -0x1.70cc16135783cp-46},
	{0x1.526e5e3a1c000p-3, -0x1.790ba37fc5238p-44},
	{0x1.5ff3070a7a000p-3, -0x1.8586f183bebf2p-44},
	{0x1.6d60fe719e000p-3, -0x1.bc6e557134767p-44},
	{0x1.7ab890210e000p-3, -0x1.bdb9072534a58p-45},
	{0x1.87fa06520c000p-3, 0x1.22120401202fcp-44},
	{0x1.9525a9cf46000p-3, -0x1.297137d9f158fp-44},
	{0x1.a23bc1fe2c000p-3, -0x1.539cd91dc9f0bp-44},
	{0x1.af3c94e80c000p-3, -0x1.a4e633fcd9066p-52},
	{0x1.bc286742d8000p-3, 0x1.9ac53f39d121cp-44},
	{0x1.c8ff7c79aa000p-3, -0x1.7794f689f8434p-45},
	{0x1.d5c216b4fc000p-3, -0x1.1ba91bbca681bp-45},
	{0x1.e27076e2b0000p-3, -0x1.a342c2af0003cp-44},
	{0x1.ef0adcbdc6000p-3, -0x1.b26b79c86af24p-45},
	{0x1.fb9186d5e4000p-3, -0x1.d572aab993c87p-47},
	{0x1.0402594b4d000p-2, 0x1.036b89ef42d7fp-48},
	{0x1.0a324e2739000p-2, 0x1.c6bee7ef4030ep-47},
	{0x1.1058bf9ae5000p-2, -0x1.4ab9d817d52cdp-44},
	{0x1.1675cababa000p-2, 0x1.8380e731f55c4p-44},
	{0x1.1c898c169a000p-2, -0x1.81410e5c62affp-44},
	{0x1.22941fbcf8000p-2, -0x1.a6976f5eb0963p-44},
	{0x1.2895a13de8000p-2, 0x1.a8d7ad24c13f0p-44},
	{0x1.2e8e2bae12000p-2, -0x1.67b1e99b72bd8p-45},
	{0x1.347dd9a988000p-2, -0x1.5594dd4c58092p-45},
	{0x1.3a64c55694000p-2, 0x1.7a71cbcd735d0p-44},
	{0x1.404308686a000p-2, 0x1.f8ef43049f7d3p-44},
	{0x1.4618bc21c6000p-2, -0x1.3d82f484c84ccp-46},
	{0x1.4be5f95778000p-2, -0x1.d7c92cd9ad824p-44},
	{0x1.51aad872e0000p-2, -0x1.f4bd8db0a7cc1p-44},
	{0x1.5767717456000p-2, -0x1.64ead9524d7cap-44},
	{0x1.5d1bdbf581000p-2, -0x1.8d6bdc9c7c238p-44},
	{0x1.62c82f2b9c000p-2, 0x1.e54bdbd7c8a98p-44},
	{0x1.686c81e9b1000p-2, 0x1.2bb110af84054p-44},
	{0x1.6e08eaa2ba000p-2, 0x1.e38c139318d71p-46},
};

/* atan(j/16) */
static const double atan_table[17][2] = {
	{0x0.0p+0, 0x0.0p+0},
	{0x1.ff55bb72cfdeap-5, -0x1.c934d86d23f1dp-60},
	{0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
	{0x1.7b97b4bce5b02p-3, 0x1.347b0b4f881cap-58},
	{0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
	{0x1.362773707ebccp-2, -0x1.963a544b672d8p-57},
	{0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
	{0x1.a64eec3cc23fdp-2, -0x1.24dec1b50b7ffp-56},
	{0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
	{0x1.0657e94db30d0p-1, -0x1.d5b495f6349e6p-56},
	{0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
	{0x1.345f01cce37bbp-1, 0x1.1021137c71102p-55},
	{0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
	{0x1.5d58987169b18p-1, 0x1.0028e4bc5e7cap-57},
	{0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
	{0x1.819d0b7158a4dp-1, -0x1.bf76229d3b917p-56},
	{0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
};

static inline uint64_t
bits_of(double x)
{
	uint64_t	bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static inline double
from_bits(uint64_t bits)
{
	double		x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* 2^exponent for exponents of normal numbers. */
static inline double
power_of_two(int exponent)
{
	return from_bits((uint64_t) (exponent + 1023) << 52);
}

double
agr_exp(double x)
{
	double		shifted,
				r,
				p,
				y;
	int			k,
				exponent;
	const double *entry;

	if (x != x)
		return x;
	if (x > 709.79)
		return from_bits(UINT64_C(0x7ff0000000000000));
	if (x < -745.2)
		return 0;

	/* k = x * 64 / ln 2 to the nearest integer; r = x - k * ln 2 / 64 */
	shifted = x * INV_LN2_64 + 0x1.8p52;
	k = (int) (shifted - 0x1.8p52);
	r = (x - k * LN2_64_HI) - k * LN2_64_LO;

	/* e^r - 1, |r| < 0.0055 */
	p = r + r * r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720)))));

	entry = exp2_table[k & 63];
	y = entry[0] + (entry[1] + entry[0] * p);
	exponent = (k - (k & 63)) / 64;

	/* Two steps at the ends of the range, so that only the last one rounds. */
	if (exponent > 1022)
		return y * 2 * power_of_two(exponent - 1);
	if (exponent < -1021)
		return y * power_of_two(exponent + 200) * power_of_two(-200);
	return y * power_of_two(exponent);
}

double
agr_log(double x)
{
	uint64_t	bits = bits_of(x);
	int			exponent = 0;
	int			j;
	double		m,
				f,
				s,
				z,
				series;
	const double *entry;

	if (!(x > 0))
		return x == 0 ? -from_bits(UINT64_C(0x7ff0000000000000)) :
			from_bits(UINT64_C(0x7ff8000000000000));
	if (bits >= UINT64_C(0x7ff0000000000000))
		return x;
	if (bits < UINT64_C(0x0010000000000000))
	{
		/* subnormal */
		bits = bits_of(x * 0x1p54);
		exponent = -54;
	}
	exponent += (int) (bits >> 52) - 1023;
	m = from_bits((bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000));

	/* m in [0.707, 1.414], so that nothing cancels just below 1 */
	if (m > 0x1.6a09e667f3bcdp0)
	{
		m *= 0.5;
		exponent++;
	}

	if (exponent == 0 && m > 1 - 0x1p-4 && m < 1 + 0x1p-4)
	{
		/* 2 atanh(s) = 2s + R, and 2s = f - s f loses nothing */
		f = m - 1;
		s = f / (2 + f);
		z = s * s;
		series = z * (2.0 / 3 + z * (2.0 / 5 + z * (2.0 / 7 + z * (2.0 / 9 + z * (2.0 / 11 + z * (2.0 / 13))))));
		return f - s * (f - series);
	}

	j = (int) (m * 128 + 0.5);
	entry = log_table[j - LOG_FIRST];
	f = m - j * 0x1p-7;
	s = f / (m + j * 0x1p-7);
	z = s * s;
	series = 2 * s + 2 * s * z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7)));
	return (exponent * LN2_HI + entry[0]) + (series + (exponent * LN2_LO + entry[1]));
}

double
agr_atan2(double y, double x)
{
	double		ax = x < 0 ? -x : x;
	double		ay = y < 0 ? -y : y;
	double		small = ax < ay ? ax : ay;
	double		large = ax < ay ? ay : ax;
	double		t,
				c,
				r,
				z,
				angle;
	int			j;

	if (large == 0)
		return 0;

	/* The angle to the nearer axis, in [0, pi/4]. */
	t = small / large;
	j = (int) (t * 16 + 0.5);
	c = j * 0x1p-4;
	r = (t - c) / (1 + t * c);
	z = r * r;
	angle = atan_table[j][0] + (atan_table[j][1] +
								(r - r * z * (1.0 / 3 - z * (1.0 / 5 - z * (1.0 / 7 - z * (1.0 / 9 - z * (1.0 / 11)))))));

	if (ax < ay)
		angle = (PI_HI / 2 - angle) + PI_LO / 2;
	if (x < 0)
		angle = (PI_HI - angle) + PI_LO;
	return y < 0 ? -angle : angle;
}

/* pi / 2 in pieces, the first two so short that multiples of them are exact. */
#define HALF_PI_1 0x1.921fb544p0
#define HALF_PI_2 0x1.0b4611a6p-34
#define HALF_PI_3 0x1.3198a2e037073p-69

/* The angle to the nearest multiple of pi / 2, in two parts; which multiple, modulo 4. */
static int
reduce_angle(double x, double *high, double *low)
{
	double		k = (x * (2 / (PI_HI)) + 0x1.8p52) - 0x1.8p52;
	double		a = x - k * HALF_PI_1;
	double		b = k * HALF_PI_2;
	double		r = a - b;
	double		v = r - a;
	double		tail = (a - (r - v)) - (b + v);

	tail -= k * HALF_PI_3;
	*high = r + tail;
	*low = (r - *high) + tail;
	return (int) k & 3;
}

/* Taylor's series, good to 2^-58 for angles up to pi / 4. */
static double
sine_near_zero(double r, double low)
{
	double		z = r * r;
	double		series = 1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800.0 +
																z * (-1.0 / 1307674368000.0 + z * (1.0 / 355687428096000.0))));

	series = 1.0 / 120 + z * (-1.0 / 5040 + z * series);
	return r - ((z * (0.5 * low - r * z * series) - low) + r * z * (1.0 / 6));
}

static double
cosine_near_zero(double r, double low)
{
	double		z = r * r;
	double		half = 0.5 * z;
	double		w = 1 - half;
	double		series = 1.0 / 40320 + z * (-1.0 / 3628800 + z * (1.0 / 479001600 +
															  z * (-1.0 / 87178291200.0 + z * (1.0 / 20922789888000.0))));

	series = 1.0 / 24 + z * (-1.0 / 720 + z * series);
	return w + (((1 - w) - half) + (z * z * series - r * low));
}

/* The sine of x plus a number of right angles. */
static double
sine_ahead(double x, int right_angles)
{
	double		high,
				low,
				value;
	int			quadrant;

	if (!(x >= -1e6 && x <= 1e6))
		return from_bits(UINT64_C(0x7ff8000000000000));
	quadrant = (reduce_angle(x, &high, &low) + right_angles) & 3;
	value = quadrant & 1 ? cosine_near_zero(high, low) : sine_near_zero(high, low);
	return quadrant & 2 ? -value : value;
}

double
agr_sin(double x)
{
	return sine_ahead(x, 0);
}

double
agr_cos(double x)
{
	return sine_ahead(x, 1);
}
