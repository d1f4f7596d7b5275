import Figures

/// The site's one style sheet.
enum Style {
  static let fileName = "site.css"

  static var css: String {
    let paint = Drawing.Colour.named.map { entry in
      ".fill-\(entry.name){fill:var(--chart-\(entry.name))}.stroke-\(entry.name){stroke:var(--chart-\(entry.name))}"
    }
    return ":root{color-scheme:light dark;\(Palette.light.css)}\n"
      + "@media (prefers-color-scheme:dark){:root{\(Palette.dark.css)}}\n"
      + paint.joined(separator: "\n") + "\n" + rules
  }

  private static let rules = #"""
    *,*::before,*::after{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1rem}
    body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
    .wrap{max-width:78rem;margin-inline:auto;padding-inline:clamp(1rem,4vw,2.5rem)}
    a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.18em}
    a:hover{text-decoration-thickness:2px}
    :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:.25rem}
    .skip{position:absolute;left:-999rem;top:0;background:var(--ground);padding:.75rem 1rem;z-index:9}
    .skip:focus{left:.5rem;top:.5rem}
    .hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}

    header.site{border-bottom:1px solid var(--line)}
    header.site .wrap{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem 2rem;padding-block:1rem}
    .brand{font-weight:650;color:var(--ink);text-decoration:none;letter-spacing:-.01em}
    nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0;font-size:.9375rem}
    nav a{display:inline-block;padding:.25rem 0;color:var(--muted);text-decoration:none;border-bottom:2px solid transparent}
    nav a:hover{color:var(--ink)}
    nav a[aria-current]{color:var(--ink);border-color:var(--accent)}
    .crumbs{font-size:.875rem;color:var(--muted);margin:2rem 0 -1.25rem}
    .crumbs a{color:inherit}

    main{display:block;padding-bottom:4rem;overflow-wrap:break-word}
    h1{font-size:clamp(1.625rem,1.2rem + 1.9vw,2.375rem);line-height:1.18;font-weight:680;letter-spacing:-.022em;margin:2.25rem 0 .75rem;max-width:26em;text-wrap:balance;overflow-wrap:anywhere}
    h2{font-size:1.3125rem;line-height:1.3;font-weight:640;letter-spacing:-.012em;margin:3rem 0 .75rem}
    h3{font-size:1rem;line-height:1.4;font-weight:640;margin:1.75rem 0 .5rem}
    p,ul,ol{margin:0 0 1rem;max-width:44rem}
    .lead{font-size:1.125rem;line-height:1.55;color:var(--muted);max-width:40rem}
    .note{font-size:.875rem;color:var(--muted)}
    .notes{font-size:.9375rem;line-height:1.6;padding-left:1.1rem}
    .notes{max-width:48rem}
    .notes li{margin-bottom:.5rem;overflow-wrap:anywhere}
    code{font:.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
    pre{background:var(--surface);border:1px solid var(--line);border-radius:.5rem;padding:.75rem 1rem;overflow-x:auto;max-width:44rem;margin:0 0 1rem}
    pre code{overflow-wrap:normal}
    .callout{border-left:3px solid var(--open);background:var(--open-ground);color:var(--open);padding:.625rem 1rem;border-radius:0 .5rem .5rem 0;max-width:44rem;margin:0 0 1.25rem;font-size:.9375rem}

    .stats{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:1px;background:var(--line);border-block:1px solid var(--line);margin:2rem 0 1rem;padding:0}
    .stats div{background:var(--ground);padding:1.1rem 1.25rem}
    .stats div:first-child{padding-left:0}
    .stats dt{font-size:.8125rem;color:var(--muted)}
    .stats dd{margin:.125rem 0 0;font-size:1.75rem;line-height:1.2;font-weight:620;letter-spacing:-.02em}
    .stats small{font-size:.875rem;font-weight:400;letter-spacing:0;color:var(--muted)}
    dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1.5rem;margin:1.25rem 0 1.5rem;font-size:.9375rem;max-width:60rem}
    dl.facts dt{color:var(--muted)}
    dl.facts dd{margin:0;overflow-wrap:anywhere}

    /* Shadows at the edges where there is more to scroll to. */
    .scroll{overflow-x:auto;margin:0 0 1rem;max-width:100%;background:linear-gradient(90deg,var(--ground) 40%,transparent) left/2.5rem 100% no-repeat local,linear-gradient(270deg,var(--ground) 40%,transparent) right/2.5rem 100% no-repeat local,linear-gradient(90deg,var(--line),transparent) left/.9rem 100% no-repeat scroll,linear-gradient(270deg,var(--line),transparent) right/.9rem 100% no-repeat scroll}
    table{border-collapse:collapse;font-size:.9375rem;line-height:1.4;min-width:min(100%,24rem)}
    table.wide{width:100%}
    .legend{font-size:.875rem;line-height:1.5;color:var(--muted);max-width:60rem;margin-bottom:.75rem}
    th,td{padding:.5rem .875rem .5rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
    th:last-child,td:last-child{padding-right:0}
    thead th{font-size:.8125rem;font-weight:600;color:var(--muted);vertical-align:bottom;border-bottom-color:var(--muted);white-space:nowrap}
    tbody th{font-weight:500}
    tbody tr:hover>*{background:var(--surface)}
    [popover] tr:hover>*{background:none}
    td.num,th.num{text-align:right;white-space:nowrap}
    th button{all:unset;cursor:pointer;font:inherit;color:inherit}
    th button:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
    th button::after{content:"↕";padding-left:.3em;opacity:.55}
    th[aria-sort=ascending] button::after{content:"↑";opacity:1}
    th[aria-sort=descending] button::after{content:"↓";opacity:1}
    .short,td code,th code{white-space:nowrap;overflow-wrap:normal}
    th.name{min-width:9rem}
    .notes ul{margin:.25rem 0 0;padding-left:1.1rem}
    .notes ul li{margin-bottom:.15rem}

    .grid{font-size:.9rem}
    .grid>*>tr>*{padding-right:.65rem}
    .grid>*>tr>:last-child{padding-right:0}
    .grid>tbody>tr>td{padding-block:.4rem}
    .grid>tbody>tr.first>*{border-top:2px solid var(--line)}
    .grid>tbody>tr:first-child>*{border-top:0}
    .grid>tbody>tr>th{white-space:nowrap;padding-top:.45rem}
    .grid>tbody>tr>th.again{color:var(--muted);font-weight:400}
    .cell{all:unset;cursor:pointer;border-radius:.25rem;display:inline-block}
    .cell:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
    .cell:hover .v{text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em}
    .v{font-weight:500}
    .s{color:var(--muted);font-size:.8rem}
    .best .v{font-weight:720}
    .sub{display:block;font-size:.8rem;line-height:1.45;color:var(--muted)}
    .sub b{font-weight:650;color:var(--ink)}
    .none{color:var(--muted)}
    .spark{display:block;margin-left:auto}
    .spark svg{display:block;margin-left:auto}
    sup a{text-decoration:none}
    [popover]{position:fixed;inset:0;margin:auto;width:min(34rem,calc(100vw - 2rem));max-height:calc(100vh - 3rem);overflow:auto;border:1px solid var(--line);border-radius:.75rem;padding:1.1rem 1.25rem;background:var(--ground);color:var(--ink);text-align:left;white-space:normal;box-shadow:0 1px 2px rgb(0 0 0/.08),0 12px 40px rgb(0 0 0/.22)}
    [popover] h2,[popover] h3{margin:0 0 .5rem;font-size:1rem;line-height:1.4}
    [popover] table{width:100%;font-size:.875rem}
    [popover] td,[popover] th{padding-block:.3rem}
    [popover] dl.facts{grid-template-columns:max-content minmax(0,1fr);font-size:.875rem;margin:.75rem 0 0;gap:.2rem 1rem}
    [popover] dl.facts dd{margin:0}
    .close{float:right;margin:-.35rem -.5rem 0 1rem}

    .badge{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.8125rem;line-height:1.5;font-weight:600;white-space:nowrap}
    .badge.good{color:var(--good);background:var(--good-ground)}
    .badge.bad{color:var(--bad);background:var(--bad-ground)}
    .badge.open{color:var(--open);background:var(--open-ground)}
    .good{color:var(--good)}
    .bad{color:var(--bad)}

    form.filters{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:end;margin:0 0 1.25rem}
    form.filters[hidden]{display:none}
    form.filters label{display:grid;gap:.2rem;font-size:.8125rem;color:var(--muted)}
    select,input[type=search],button.plain{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--ground);border:1px solid var(--muted);border-radius:.4rem;padding:.35rem .6rem;min-height:2.25rem;max-width:100%}
    button.plain{cursor:pointer}
    button.plain:hover{background:var(--surface)}
    .count{font-size:.875rem;color:var(--muted);margin:0;padding-bottom:.45rem}

    figure{margin:1rem 0 1.5rem}
    figcaption{font-size:.875rem;color:var(--muted);margin-top:.5rem;max-width:44rem}
    svg.chart,figure img{max-width:100%;height:auto}
    figure img{background:#fff;border:1px solid var(--line);border-radius:.5rem;image-rendering:auto}
    svg.chart{display:block;overflow:visible;font-family:inherit}
    .pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:1rem 2.5rem}
    .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18rem),1fr));gap:1rem;list-style:none;padding:0;max-width:none}

    footer{border-top:1px solid var(--line);font-size:.875rem;color:var(--muted)}
    footer .wrap{padding-block:1.5rem 2.5rem;display:flex;flex-wrap:wrap;gap:.25rem 2rem}
    footer p{margin:0}
    @media (min-width:48rem){.grid>*>tr>th:first-child{position:sticky;left:0;background:var(--ground);z-index:1;padding-right:1.25rem}.grid>tbody>tr:hover>th:first-child{background:var(--surface)}}
    @media (max-width:36rem){main>dl.facts,section>dl.facts{grid-template-columns:minmax(0,1fr);gap:0}main>dl.facts dd,section>dl.facts dd{margin-bottom:.5rem}.stats{grid-template-columns:1fr 1fr}.stats div:nth-child(odd){padding-left:0}h2{margin-top:2.25rem}}
    @media print{header.site nav,form.filters,.skip,[popover]{display:none}}

    """#
}
