// `tidemill schema --tests`: JSON Schema (draft 7) of a file of cases, for editors. Made from the
// same declarations that read_case_file() reads. Pure.
#pragma once

#include <boost/json/object.hpp>

namespace tidemill::rehearsal {

boost::json::object case_file_schema();

}  // namespace tidemill::rehearsal
