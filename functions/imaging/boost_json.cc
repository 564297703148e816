// Boost.JSON, compiled into this library: one shared object less to find and load for a plugin.
#include <boost/json/src.hpp>
