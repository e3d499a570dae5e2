/* What must hold: days are those of the calendar, and whatever is none is refused. */
#include "admission/day.h"

#include <time.h>

#include "check.h"

/* Against the C library's calendar, from 1900 to 2100. */
static void check_calendar(void)
{
    for (int64_t day = -25567; day <= 47482; day++) {
        time_t seconds = (time_t)day * 86400;
        struct tm broken;
        char expected[DAY_BYTES], shown[DAY_BYTES];
        int64_t parsed = 0;
        gmtime_r(&seconds, &broken);
        strftime(expected, sizeof expected, "%Y-%m-%d", &broken);
        CHECK(strcmp(day_text(day, shown), expected) == 0);
        CHECK(day_parse(expected, &parsed) && parsed == day);
    }
}

static void check_refused(void)
{
    static const char *const refused[] = {
        "",
        "2024",
        "2024-3-31",
        "2024-02-30",
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "2024-01-32",
        "24-01-01",
        "2024/01/01",
        "2024-01-1x",
        " 2024-01-01",
        "2024-01-01 ",
        "+024-01-01",
        "2024-04-31",
        "2024-01-01T00:00:00Z",
        "2024-01-01T10:00Z",
    };
    int64_t day;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(!day_parse(refused[i], &day));
    CHECK(day_parse("2000-02-29", &day) && day == 11016);
}

static void check_times(void)
{
    static const char *const refused[] = {
        "2024-03-31T12:00:00",  "2024-03-31T12:00:00+02:00", "2024-03-31 12:00:00Z",  "2024-03-31T24:00:00Z",
        "2024-03-31T12:60:00Z", "2024-03-31T12:00:61Z",      "2024-03-31T12:00Z",     "2024-03-31T12:00:00.Z",
        "2024-03-31T",          "2024-03-31T12:00:00.5",     "2024-03-31T12:00:00ZZ",
    };
    int64_t day, time;
    CHECK(day_parse("2024-03-31", &day));
    CHECK(day_of_time("2024-03-31", &time) && time == day);
    CHECK(day_of_time("2024-03-31T23:59:60Z", &time) && time == day);
    CHECK(day_of_time("2024-03-31T00:00:00.125Z", &time) && time == day);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(!day_of_time(refused[i], &time));
}

int main(void)
{
    check_calendar();
    check_refused();
    check_times();
    return check_end();
}
