#include "sql_fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::postgres {
namespace {

TEST(SqlFault, WhatARowMayBeRefusedForIsOfTheRow) {
  for (const auto* state :
       {"22P02", "22001", "23505", "23503", "23502", "23514", "21000", "P0001", "44000", "54000"})
    EXPECT_EQ(fault_of(state), Fault::bad_event) << state;
}

TEST(SqlFault, WhatPassesOrIsForAPersonToMendHoldsRowsBack) {
  for (const auto* state : {"08006", "25006", "28P01", "3D000", "40001", "40P01", "42P01", "42501",
                            "53100", "53300", "55P03", "57014", "57P01", "57P03", "58030"})
    EXPECT_EQ(fault_of(state), Fault::unavailable) << state;
}

TEST(SqlFault, WhatNobodyKnowsCostsATry) {
  EXPECT_EQ(fault_of("XX000"), Fault::transient);
  EXPECT_EQ(fault_of(""), Fault::transient);
}

TEST(SqlFault, OnlyWhatIsWrittenWrongStopsAPipelineAtItsStart) {
  for (const auto* state : {"28P01", "28000", "3D000", "42P01", "42703", "42P10", "42501"})
    EXPECT_TRUE(is_of_setup(state)) << state;
  for (const auto* state : {"57P03", "53300", "08006", ""}) EXPECT_FALSE(is_of_setup(state));
}

TEST(SqlFault, ALoginThatFailsSaysWhyInWhateverLanguage) {
  const auto failure = parse_connect_failure(
      "connection to server at \"db\", port 5432 failed: FATAL:  28P01: password authentication "
      "failed for user \"tide\"\nLOCATION:  auth_failed, auth.c:326\n");
  EXPECT_EQ(failure.sqlstate, "28P01");
  EXPECT_EQ(failure.message,
            "connection to server at \"db\", port 5432 failed: FATAL: password authentication "
            "failed for user \"tide\"");

  const auto german = parse_connect_failure("Verbindung fehlgeschlagen: FATAL:  3D000: nö\n");
  EXPECT_EQ(german.sqlstate, "3D000");
}

TEST(SqlFault, WhereNobodyAnswersThereIsNoState) {
  const auto failure = parse_connect_failure(
      "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server "
      "running on that host and accepting TCP/IP connections?\n");
  EXPECT_EQ(failure.sqlstate, "");
  EXPECT_EQ(failure.message,
            "connection to server at \"127.0.0.1\", port 1 failed: Connection refused Is the "
            "server running on that host and accepting TCP/IP connections?");
}

TEST(SqlFault, LinesHaveAnEnd) {
  EXPECT_EQ(on_one_line(std::string(5000, 'x')).size(), 1000);
  EXPECT_EQ(on_one_line(" a\n\n b\t"), "a b");
}

}  // namespace
}  // namespace tidemill::postgres
