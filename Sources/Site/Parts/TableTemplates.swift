extension Templates {
  static let table = #"""
    <h1>Table {{number}}. {{heading}}</h1>
    {{#warns}}
    <p class="callout">Profile <code>{{profileName}}</code> trains small crops of small data: its numbers compare methods with each other. Their absolute values, and so the differences to the paper's, are not comparable.</p>
    {{/warns}}
    <dl class="facts">
    {{#facts}}
    <dt>{{name}}</dt><dd>{{text}}</dd>
    {{/facts}}
    </dl>
    <form class="filters" data-for="{{tableID}}" hidden>
    {{#filters}}
    <label for="{{key}}">{{label}}
    <select id="{{key}}"{{#isColumns}} data-columns{{/isColumns}}{{^isColumns}} data-part="{{part}}"{{/isColumns}}><option value="">all</option>{{#options}}<option value="{{value}}">{{label}}</option>{{/options}}</select></label>
    {{/filters}}
    <button class="plain" type="reset">Reset</button>
    <p class="count" role="status" aria-live="polite"></p>
    </form>
    {{#hasRuns}}
    <p class="legend" id="legend">Ours: mean ± population standard deviation; below it the paper’s number, the difference Δ, and the number n of runs. <b>Bold</b>: the best of its group. A number opens what lies behind it.</p>
    {{/hasRuns}}
    {{^hasRuns}}
    <p class="legend" id="legend">Ours, as it was counted and measured; below it the paper’s number and the difference Δ.</p>
    {{/hasRuns}}
    <div class="scroll" role="region" aria-label="Table {{number}}" tabindex="0">
    <table class="grid wide" id="{{tableID}}" aria-describedby="legend">
    <thead><tr>{{#headers}}<th scope="col">{{label}}</th>{{/headers}}{{#columns}}<th scope="col" class="num" data-c="{{place}}">{{label}}</th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr{{#isFirst}} class="first"{{/isFirst}}{{#parts}} data-f{{place}}="{{value}}"{{/parts}}>{{#parts}}<th scope="row"{{#isRepeated}} class="again"{{/isRepeated}}>{{value}}</th>{{/parts}}
    {{#cells}}
    <td class="num{{#isBest}} best{{/isBest}}" data-c="{{place}}">
    {{^hasValue}}<span class="none" title="{{why}}">{{state}}</span>{{#marks}}<sup><a href="#note-{{letter}}">{{letter}}</a></sup>{{/marks}}{{/hasValue}}
    {{#hasValue}}
    {{^box}}<span class="v">{{value}}</span>{{/box}}{{#box}}<button type="button" class="cell" popovertarget="{{key}}" aria-haspopup="dialog">{{/box}}{{#box}}<span class="v">{{value}}</span> <span class="s">{{deviation}}</span></button>{{/box}}{{#marks}}<sup><a href="#note-{{letter}}">{{letter}}</a></sup>{{/marks}}
    {{/hasValue}}
    {{#hasPaper}}<span class="sub">paper {{#paperBest}}<b>{{paper}}</b>{{/paperBest}}{{^paperBest}}{{paper}}{{/paperBest}}</span>{{/hasPaper}}
    {{#hasTail}}<span class="sub">{{tail}}</span>{{/hasTail}}
    {{#box}}
    <span class="spark">{{{spark}}}</span>
    <div popover id="{{key}}" role="dialog" aria-labelledby="{{key}}-t">
    <button class="plain close" type="button" popovertarget="{{key}}" popovertargetaction="hide" aria-label="Close">×</button>
    <h2 id="{{key}}-t">{{title}}</h2>
    {{#hasValues}}
    <table><thead><tr><th scope="col">{{first}}</th><th scope="col" class="num">Value</th><th scope="col">Spec</th><th scope="col" class="num">Wall time</th></tr></thead><tbody>
    {{#values}}<tr><th scope="row">{{name}}</th><td class="num">{{number}}</td><td>{{#run}}{{#isLink}}<a href="{{href}}"><code>{{label}}</code></a>{{/isLink}}{{^isLink}}<code>{{label}}</code>{{/isLink}}{{/run}}</td><td class="num">{{seconds}}</td></tr>
    {{/values}}</tbody></table>
    {{/hasValues}}
    <dl class="facts">{{#facts}}<dt>{{name}}</dt><dd>{{text}}{{#links}}{{#isLink}}<a href="{{href}}"><code>{{label}}</code></a> {{/isLink}}{{^isLink}}<code>{{label}}</code> {{/isLink}}{{/links}}</dd>{{/facts}}</dl>
    </div>
    {{/box}}
    </td>
    {{/cells}}
    </tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    {{#hasFootnotes}}
    <ul class="notes">
    {{#footnotes}}<li id="note-{{letter}}"><sup>{{letter}}</sup> {{#parts}}{{#isCode}}<code>{{words}}</code>{{/isCode}}{{^isCode}}{{words}}{{/isCode}}{{/parts}}</li>{{/footnotes}}
    </ul>
    {{/hasFootnotes}}
    {{#hasCharts}}
    <h2>At a glance</h2>
    <div class="pair">
    {{#charts}}<figure>{{{svg}}}</figure>
    {{/charts}}
    </div>
    {{/hasCharts}}
    {{#hasFailures}}
    <h2>Runs without a number</h2>
    <ul class="notes">
    {{#failures}}<li>{{#run}}{{#isLink}}<a href="{{href}}"><code>{{label}}</code></a>{{/isLink}}{{^isLink}}<code>{{label}}</code>{{/isLink}}{{/run}}: {{reason}}</li>{{/failures}}
    </ul>
    {{/hasFailures}}
    {{#hasNotes}}
    <h2>Notes</h2>
    <ul class="notes">
    {{#notes}}<li>{{#parts}}{{#isCode}}<code>{{words}}</code>{{/isCode}}{{^isCode}}{{words}}{{/isCode}}{{/parts}}</li>{{/notes}}
    </ul>
    {{/hasNotes}}
    <h2>Make it</h2>
    <pre><code>{{command}}</code></pre>

    """#

  /// The tables of the paper, a line each.
  static let tableList = #"""
    <table class="wide">
    <thead><tr><th scope="col" class="num">No.</th><th scope="col">Table</th><th scope="col">State</th><th scope="col" class="num">Cells</th><th scope="col" class="num">Runs</th></tr></thead>
    <tbody>
    {{#entries}}
    <tr><td class="num">{{number}}</td><th scope="row"><a href="{{href}}">{{heading}}</a></th><td>{{#badge}}<span class="badge {{tone}}">{{verdict}}</span>{{/badge}}</td><td class="num">{{cells}}</td><td class="num">{{runs}}</td></tr>
    {{/entries}}
    </tbody>
    </table>
    """#

  static let tables = #"""
    <h1>Tables</h1>
    <p class="lead">{{lead}}</p>
    <div class="scroll" role="region" aria-label="Tables of the paper" tabindex="0">
    \#(tableList)
    </div>

    """#
}
