// Tandem's public C++ interface.
#pragma once

#include "tandem/base/dtype.h"
#include "tandem/base/error.h"
#include "tandem/base/shape.h"
#include "tandem/device/trace.h"
#include "tandem/engine/eval.h"
#include "tandem/engine/inspect.h"
#include "tandem/graph/array.h"
#include "tandem/graph/streams.h"
#include "tandem/memory/ledger.h"
#include "tandem/ops/creation.h"
#include "tandem/ops/elementwise.h"
#include "tandem/ops/matmul.h"
#include "tandem/ops/random.h"
#include "tandem/ops/reduce.h"
#include "tandem/ops/views.h"
