#include "table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemill::postgres {
namespace {

Table orders(OnConflict on_conflict) {
  return {.name = quoted_table("sales.orders"),
          .columns = {{"id", "uuid"},
                      {"name", "character varying"},
                      {"made", "text", false},
                      {"Total \"net\"", "numeric"}},
          .key = {0},
          .on_conflict = on_conflict};
}

TEST(Table, NamesAreQuotedWhateverIsInThem) {
  EXPECT_EQ(quoted("a\"; DROP TABLE x; --"), "\"a\"\"; DROP TABLE x; --\"");
  EXPECT_EQ(quoted_table("Orders"), "\"Orders\"");
  EXPECT_EQ(quoted_table("sales.orders.old"), "\"sales\".\"orders.old\"");
}

TEST(Table, WhatTheServerMakesItselfIsNotWritten) {
  const Table table = orders(OnConflict::error);
  EXPECT_EQ(table.written(), (Shape{0, 1, 3}));
  EXPECT_EQ(table.find("name"), 1);
  EXPECT_EQ(table.find("NAME"), std::nullopt);
}

TEST(Table, AnInsertTakesAnArrayForEachColumn) {
  EXPECT_EQ(insert_statement(orders(OnConflict::error), {0, 1, 3}),
            "INSERT INTO \"sales\".\"orders\" (\"id\", \"name\", \"Total \"\"net\"\"\") SELECT "
            "v.c1::uuid, v.c2, v.c3::numeric FROM unnest($1::text[], $2::text[], $3::text[]) AS "
            "v(c1, c2, c3)");
}

TEST(Table, AnUpsertChangesWhatIsNotTheKey) {
  EXPECT_TRUE(insert_statement(orders(OnConflict::update), {0, 1})
                  .ends_with(" ON CONFLICT (\"id\") DO UPDATE SET \"name\" = EXCLUDED.\"name\""));
  EXPECT_TRUE(insert_statement(orders(OnConflict::update), {0})
                  .ends_with(" ON CONFLICT (\"id\") DO NOTHING"));
  EXPECT_TRUE(insert_statement(orders(OnConflict::ignore), {0, 1})
                  .ends_with(" ON CONFLICT (\"id\") DO NOTHING"));
}

TEST(Table, RowsAreRemovedByTheirKeys) {
  Table table = orders(OnConflict::update);
  table.key = {0, 1};
  EXPECT_EQ(delete_statement(table),
            "DELETE FROM \"sales\".\"orders\" WHERE (\"id\", \"name\") IN (SELECT v.c1::uuid, v.c2 "
            "FROM unnest($1::text[], $2::text[]) AS v(c1, c2))");
}

TEST(Table, ElementsOfArraysAreQuoted) {
  std::string array = "{";
  for (const Field& field : {Field("a"), Field(), Field("NULL"), Field(""), Field("b,\"\\}")})
    append_element(array, field);
  EXPECT_EQ(array, R"({"a",NULL,"NULL","","b,\"\\}")");
}

TEST(Table, LinesOfCopyAreEscaped) {
  std::string lines;
  const std::vector<Field> fields{Field("a\tb\nc\rd\\"), Field(), Field("\\N"), Field("")};
  append_copy_line(lines, fields);
  EXPECT_EQ(lines, "a\\tb\\nc\\rd\\\\\t\\N\t\\\\N\t\n");
  EXPECT_EQ(copy_statement(orders(OnConflict::error), {1}),
            "COPY \"sales\".\"orders\" (\"name\") FROM STDIN");
}

}  // namespace
}  // namespace tidemill::postgres
