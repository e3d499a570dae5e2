#include "admission/day.h"

#include <stdio.h>
#include <string.h>

/* The number that n digits spell, or -1. */
static int digits(const char *text, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = 10 * value + (text[i] - '0');
    }
    return value;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Years begin in March here, so that the leap day comes last.  @source Howard Hinnant, chrono-compatible low-level date
 * algorithms: days_from_civil and civil_from_days, for years from 0 on */
static int64_t day_number(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The day that the first ten characters spell. */
static bool parse(const char *text, int64_t *day)
{
    if (strlen(text) < 10 || text[4] != '-' || text[7] != '-')
        return false;
    int year = digits(text, 4), month = digits(text + 5, 2), of_month = digits(text + 8, 2);
    if (year < 0 || month < 1 || month > 12 || of_month < 1 || of_month > days_of_month(year, month))
        return false;
    *day = day_number(year, month, of_month);
    return true;
}

bool day_parse(const char *text, int64_t *day)
{
    return strlen(text) == 10 && parse(text, day);
}

static bool is_time(const char *text)
{
    if (strlen(text) < 9 || text[2] != ':' || text[5] != ':')
        return false;
    int hour = digits(text, 2), minute = digits(text + 3, 2), second = digits(text + 6, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    const char *rest = text + 8;
    if (*rest == '.' && rest[1] >= '0' && rest[1] <= '9')
        rest += 1 + strspn(rest + 1, "0123456789");
    return strcmp(rest, "Z") == 0;
}

bool day_of_time(const char *text, int64_t *day)
{
    return parse(text, day) && (text[10] == 0 || (text[10] == 'T' && is_time(text + 11)));
}

char *day_text(int64_t day, char text[DAY_BYTES])
{
    int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100), m = (5 * of_year + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    snprintf(text, DAY_BYTES, "%04d-%02d-%02d", (int)(year + era * 400 + (month <= 2)), month,
             (int)(of_year - (153 * m + 2) / 5 + 1));
    return text;
}
