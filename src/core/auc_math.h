#include "validation/roc_math.h"
#define AucSums RocSums
#define AucMeasures RocMeasures
#define auc_begin roc_begin
#define auc_add roc_add
#define auc_end roc_end
#include "core/probability_math.h"
static inline void auc_interval(const RocMeasures *m, double level, double *low, double *high)
{ double reach = sqrt(m->variance) * interval_z(level); *low = fmax(m->auc - reach, 0); *high = fmin(m->auc + reach, 1); }
