/*
 * raster.c
 *		PostGIS rasters.
 *
 * PostGIS's stored form is not ours to rely on. The first read in a backend
 * composes known rasters through PostGIS and compares what we read in their
 * stored bytes with what we read in their WKB; should they ever differ, this
 * backend reads WKB from then on, a few times slower.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/geometry/postgis.h"
#include "crop/raster.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* ---- the two forms ---- */

static Raster
open_serialized(Datum datum)
{
	struct varlena *flat = PG_DETOAST_DATUM(datum);
	Raster		raster = {RASTER_SERIALIZED, flat, VARSIZE(flat)};

	return raster;
}

static Raster
open_wkb(Datum datum)
{
	Oid			types[] = {agr_raster_type(), BOOLOID};
	Oid			function = agr_postgis_raster_function("st_asbinary", 2, types);
	bytea	   *wkb = DatumGetByteaPP(OidFunctionCall2(function, PointerGetDatum(PG_DETOAST_DATUM(datum)),
													   BoolGetDatum(false)));
	Raster		raster = {RASTER_WKB, VARDATA_ANY(wkb), VARSIZE_ANY_EXHDR(wkb)};

	return raster;
}

/* Whether all that is read of two rasters is the same. */
static bool
same_raster(Raster *a, Raster *b)
{
	uint32		number;

	if (raster_read_head(a->form, a->bytes, a->length, &a->head) != RASTER_OK ||
		raster_read_head(b->form, b->bytes, b->length, &b->head) != RASTER_OK ||
		memcmp(&a->head, &b->head, sizeof a->head) != 0)
		return false;
	for (number = 1; number <= a->head.bands; number++)
	{
		RasterBand	p,
					q;
		double		value[2][64];
		bool		known[2][64];

		memset(known, true, sizeof known);
		if (raster_find_band(a->form, a->bytes, a->length, &a->head, number, &p) != RASTER_OK ||
			raster_find_band(b->form, b->bytes, b->length, &b->head, number, &q) != RASTER_OK)
			return false;
		raster_read_pixels(&p, 0, a->head.width * a->head.height, value[0], known[0]);
		raster_read_pixels(&q, 0, a->head.width * a->head.height, value[1], known[1]);
		if (memcmp(value[0], value[1], a->head.width * a->head.height * sizeof(double)) != 0 ||
			memcmp(known[0], known[1], a->head.width * a->head.height) != 0)
			return false;
	}
	return true;
}

static bool
serialized_form_is_as_expected(void)
{
	/* In WKB: five bands of 3 by 1 pixels, five of 2 by 3, none; with NODATA and without. */
	static const char *const known[] = {
		("0100000500000000000000244000000000000024C00000000000001440000000000000344000000000000000000000000000"
		"000000797F00000300010044FF01FF0745FFFFFFFF2C01D4FE4A003C1CC60000003F003C1CC6EC78AD600B00000000000000"
		"00000000000000F83F00000000000004C09C7500883CE4377E0300FB0500"),
		("0100000500000000000000D03F000000000000E03F0000000000001EC0000000000000084000000000000000000000000000"
		"0000000000000002000300060000FFFF0000010002000300040047FBFFFFFFFBFFFFFF7011010090EEFEFF01000000020000"
		"00030000004800286BEE00286BEE01000000020000000300000004000000050000000000010001000101420F0F0102030405"),
		("0100000000000000000000244000000000000024C00000000000001440000000000000344000000000000000000000000000"
		"000000E610000004000500"),
	};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "raster reader check",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext outer = MemoryContextSwitchTo(context);
	Oid			input,
				parameter;
	bool		good = true;
	int			i;

	getTypeInputInfo(agr_raster_type(), &input, &parameter);
	for (i = 0; i < lengthof(known) && good; i++)
	{
		Datum		raster = OidInputFunctionCall(input, unconstify(char *, known[i]), parameter, -1);
		Raster		stored = open_serialized(raster);
		Raster		expected = open_wkb(raster);

		good = same_raster(&stored, &expected);
	}
	MemoryContextSwitchTo(outer);
	MemoryContextDelete(context);
	return good;
}

static bool
reads_serialized(void)
{
	static enum {UNTRIED, AS_EXPECTED, DIFFERENT} form = UNTRIED;

	if (agr_geometry_reader == AGR_READ_WKB)
		return false;
	if (unlikely(form == UNTRIED))
		form = serialized_form_is_as_expected() ? AS_EXPECTED : DIFFERENT;
	return form == AS_EXPECTED;
}

/* ---- errors ---- */

AGR_NORETURN static void report_damaged(void);

static void
report_damaged(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("damaged raster"),
			 errdetail("The stored bytes contradict themselves, or end early."),
			 errhint("Load the raster again from its file.")));
}

static void
check_grid(const RasterHead *head)
{
	if (!(fabs(head->corner_x) <= COORDINATE_MAX && fabs(head->corner_y) <= COORDINATE_MAX &&
		  fabs(head->scale_x) >= COORDINATE_MIN && fabs(head->scale_x) <= COORDINATE_MAX &&
		  fabs(head->scale_y) >= COORDINATE_MIN && fabs(head->scale_y) <= COORDINATE_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("raster has no place on the map"),
				 errdetail("The corner of the raster is (%g, %g). A pixel is %g by %g.",
						   head->corner_x, head->corner_y, head->scale_x, head->scale_y),
				 errhint("Set the corner and the size of a pixel with ST_SetGeoReference.")));
	if (head->skew_x != 0 || head->skew_y != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("raster is rotated or skewed"),
				 errdetail("The skew of the raster is %g along x and %g along y.", head->skew_x, head->skew_y),
				 errhint("ST_Resample puts the raster on a grid without skew. If the skew is rounding noise, use ST_SetSkew(rast, 0).")));
}

/* ---- reading ---- */

static RasterHead
head_of(const Raster *raster)
{
	RasterHead	head;

	if (raster_read_head(raster->form, raster->bytes, raster->length, &head) != RASTER_OK)
		report_damaged();
	check_grid(&head);
	return head;
}

RasterHead
agr_read_raster_head(Datum datum)
{
	Raster		raster;
	struct varlena *slice;

	if (!reads_serialized())
		raster = open_wkb(datum);
	else
	{
		slice = PG_DETOAST_DATUM_SLICE(datum, 0, RASTER_HEAD_BYTES - VARHDRSZ);
		raster.form = RASTER_SERIALIZED;
		raster.bytes = slice;
		raster.length = VARSIZE(slice);
	}
	return head_of(&raster);
}

Raster
agr_open_raster(Datum datum)
{
	Raster		raster = reads_serialized() ? open_serialized(datum) : open_wkb(datum);

	raster.head = head_of(&raster);
	return raster;
}

RasterBand
agr_raster_band(const Raster *raster, int number)
{
	RasterBand	band = {0};

	switch (raster_find_band(raster->form, raster->bytes, raster->length, &raster->head, number, &band))
	{
		case RASTER_OK:
			break;
		case RASTER_DAMAGED:
			report_damaged();
			break;
		case RASTER_NO_BAND:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("raster has no band %d", number),
					 errdetail("The raster has %u bands.", raster->head.bands),
					 errhint("Give bands that every raster has: zonal_options(bands => '{1}').")));
			break;
		case RASTER_OUTSIDE:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("band %d of a raster lies outside the database", number),
					 errdetail("The raster holds the path of a file, and not the pixels."),
					 errhint("Load the file with raster2pgsql without -R.")));
			break;
		case RASTER_PIXEL_TYPE:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("raster has pixels of a type that is not known"),
					 errdetail("A pixel may have 1 to 32 bits as a whole number, or 32 or 64 bits as a floating-point number."),
					 errhint("ST_Reclass gives a band pixels of another type.")));
			break;
	}
	return band;
}
