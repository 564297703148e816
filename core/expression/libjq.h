// libjq's own headers, which are written for C alone.
#pragma once

extern "C" {
#include <jq.h>
#include <jv.h>
}
