/*
 * hexmap.c - one hexagon a county, in the cells the pack gives them: not a map of boundaries, so it needs no approval number.
 *
 * Pointy hexagons in rows, odd rows moved half a cell; reckoned in whole numbers, 104 to the width of a cell, and printed in cells. Outlines between cities are the edges whose two
 * cells belong to different parents.
 */
#include "feature/overview/overview.h"

#define HALF_W 52
#define SIDE 60
#define ROW_STEP 90
#define MAX_GRID 64

typedef struct {
    const Region *cell[MAX_GRID][MAX_GRID]; /* row, column */
    int rows, cols;
} Grid;

static int center_x(int col, int row)
{
    return HALF_W + col * 2 * HALF_W + ((row & 1) != 0 ? HALF_W : 0);
}

static int center_y(int row)
{
    return SIDE + row * ROW_STEP;
}

static const Region *at(const Grid *g, int row, int col)
{
    return row >= 0 && row < MAX_GRID && col >= 0 && col < MAX_GRID ? g->cell[row][col] : NULL;
}

/* The six neighbours in the order of the edges: right, lower right, lower left, left, upper left, upper right. */
static const Region *neighbour(const Grid *g, int row, int col, int k)
{
    int odd = row & 1;
    switch (k) {
    case 0: return at(g, row, col + 1);
    case 1: return at(g, row + 1, col + odd);
    case 2: return at(g, row + 1, col + odd - 1);
    case 3: return at(g, row, col - 1);
    case 4: return at(g, row - 1, col + odd - 1);
    default: return at(g, row - 1, col + odd);
    }
}

static const int CORNER[7][2] = {{HALF_W, -SIDE / 2}, {HALF_W, SIDE / 2}, {0, SIDE}, {-HALF_W, SIDE / 2},
                                 {-HALF_W, -SIDE / 2}, {0, -SIDE}, {HALF_W, -SIDE / 2}};

/* v / 104 with three decimals: the drawing's unit is the width of a cell. */
static Str in_cells(Arena *mem, int v)
{
    int thousandths = v * 1000 / (2 * HALF_W);
    return str_printf(mem, "%s%d.%03d", thousandths < 0 ? "-" : "", abs(thousandths) / 1000, abs(thousandths) % 1000);
}

static void point(Buf *b, char how, int x, int y)
{
    buf_addc(b, how);
    buf_add(b, in_cells(b->mem, x));
    buf_addc(b, ' ');
    buf_add(b, in_cells(b->mem, y));
}

static Str cell_path(Arena *mem, int x, int y)
{
    Buf b = buf_new(mem, 1024);
    for (int k = 0; k < 6; k++) {
        point(&b, k == 0 ? 'M' : 'L', x + CORNER[k][0], y + CORNER[k][1]);
    }
    buf_addc(&b, 'Z');
    return buf_str(&b);
}

static void outline(Buf *b, const Grid *g, int row, int col)
{
    const Region *r = g->cell[row][col];
    for (int k = 0; k < 6; k++) {
        const Region *other = neighbour(g, row, col, k);
        if (other != NULL && other->parent == r->parent) {
            continue;
        }
        int x = center_x(col, row), y = center_y(row);
        point(b, 'M', x + CORNER[k][0], y + CORNER[k][1]);
        point(b, 'L', x + CORNER[k + 1][0], y + CORNER[k + 1][1]);
    }
}

static const char *tone(int64_t n)
{
    return n == 0 ? "h0" : n == 1 ? "h1" : n <= 3 ? "h2" : "h3";
}

bool hexmap_doc(Req *rq, Doc *o, const RegionCounts *n)
{
    static const char *const LEGEND[4][2] = {{"h0", "暂无"}, {"h1", "1 个"}, {"h2", "2–3 个"}, {"h3", "4 个以上"}};
    const Pack *p = rq->pack;
    Grid *g = NEW(rq->mem, Grid);
    Str type = pack_setting_str(p, S("overview"), S("map_type"));
    const RecordType *t = pack_type(p, type);
    int64_t legend[4] = {0};
    Buf lines = buf_new(rq->mem, 1 << 18);
    for (size_t i = 0; i < p->n_regions; i++) {
        const Region *r = &p->regions[i];
        if (r->hex_col >= 0 && r->hex_col < MAX_GRID && r->hex_row >= 0 && r->hex_row < MAX_GRID) {
            g->cell[r->hex_row][r->hex_col] = r;
            g->rows = MAX(g->rows, r->hex_row + 1);
            g->cols = MAX(g->cols, r->hex_col + 1);
        }
    }
    Doc *cells = doc_set_list(o, "cells");
    for (int row = 0; row < g->rows; row++) {
        for (int col = 0; col < g->cols; col++) {
            const Region *r = g->cell[row][col];
            if (r == NULL) {
                continue;
            }
            int64_t count = n->of_region[r - p->regions];
            int x = center_x(col, row), y = center_y(row);
            Doc *c = doc_add_obj(cells);
            doc_set_str(c, "code", r->code);
            doc_set_str(c, "name", r->name);
            doc_set_str(c, "label", r->shortname.n != 0 ? r->shortname : r->name);
            doc_set_int(c, "n", count);
            doc_html_only(doc_set_bool(c, "long", utf8_len(r->shortname.n != 0 ? r->shortname : r->name) > 3));
            doc_html_only(doc_set_str(c, "x", in_cells(rq->mem, x)));
            doc_html_only(doc_set_str(c, "y", in_cells(rq->mem, y - 2)));
            doc_html_only(doc_set_str(c, "y2", in_cells(rq->mem, y + 28)));
            doc_html_only(doc_set_strc(c, "tone", tone(count)));
            doc_html_only(doc_set_str(c, "path", cell_path(rq->mem, x, y)));
            doc_set_str(c, "href", t != NULL && t->region != NULL
                                       ? str_printf(rq->mem, "/r/%.*s?%.*s=%.*s", STRF(t->id), STRF(t->region->id), STRF(r->code))
                                       : S("/"));
            legend[count == 0 ? 0 : count == 1 ? 1 : count <= 3 ? 2 : 3]++;
            outline(&lines, g, row, col);
        }
    }
    doc_html_only(doc_set_str(o, "outline", buf_str(&lines)));
    Buf box = buf_new(rq->mem, 128);
    point(&box, ' ', -6, -6);
    point(&box, ' ', g->cols * 2 * HALF_W + HALF_W + 12, g->rows * ROW_STEP + 42);
    doc_html_only(doc_set_str(o, "viewbox", str_trim(buf_str(&box))));
    Doc *list = doc_set_list(o, "legend");
    for (int i = 0; i < 4; i++) {
        Doc *l = doc_add_obj(list);
        doc_set_strc(l, "tone", LEGEND[i][0]);
        doc_set_strc(l, "label", LEGEND[i][1]);
        doc_set_int(l, "n", legend[i]);
    }
    return true;
}
