extension Templates {
  static let nightly = #"""
    <h1>Nightly</h1>
    {{^hasNights}}
    <p class="lead">No night has been recorded in this folder of results yet.</p>
    {{/hasNights}}
    {{#hasNights}}
    <p class="lead">{{lead}}</p>
    <p>A night trains a part of the tables from nothing and compares every cell with a committed reference: a subset of tier smoke bit by bit, the others by tests of their means.</p>
    <h2>Change points</h2>
    {{^hasChanges}}
    <p>{{noChange}}</p>
    {{/hasChanges}}
    {{#hasChanges}}
    <ul class="notes">
    {{#changes}}
    <li>{{date}}, {{subset}}{{#hasCommit}}, commit <code>{{commit}}</code>{{/hasCommit}}
    <ul>{{#cells}}<li>{{.}}</li>{{/cells}}</ul></li>
    {{/changes}}
    </ul>
    {{/hasChanges}}
    <p class="note">{{rule}}</p>
    <h2>Nights</h2>
    <div class="scroll" role="region" aria-label="Nights" tabindex="0">
    <table class="wide">
    <thead><tr><th scope="col">Date</th><th scope="col">Subset</th><th scope="col">Verdict</th><th scope="col" class="num">Cells</th><th scope="col">Commit</th><th scope="col">Found</th></tr></thead>
    <tbody>
    {{#nights}}
    <tr><th scope="row" class="short">{{date}}</th><td>{{name}}</td><td>{{#hasVerdict}}{{#badge}}<span class="badge {{tone}}">{{verdict}}</span>{{/badge}}{{/hasVerdict}}</td><td class="num">{{compared}}</td><td><code>{{commit}}</code></td><td>{{#lines}}<span class="sub">{{.}}</span>{{/lines}}</td></tr>
    {{/nights}}
    </tbody>
    </table>
    </div>
    {{#isCut}}
    <p class="note">{{cut}}</p>
    {{/isCut}}
    <h2>Cells</h2>
    <p class="legend">Blue: the nights, the newest at the right. Dashed grey: the reference. Orange: the means between change points.</p>
    <div class="scroll" role="region" aria-label="Cells over the nights" tabindex="0">
    <table class="wide">
    <thead><tr><th scope="col">Cell</th><th scope="col">Subset</th><th scope="col" class="num">Nights</th><th scope="col" class="num">Newest</th><th scope="col" class="num">Reference</th><th scope="col">History</th></tr></thead>
    <tbody>
    {{#cells}}
    <tr><th scope="row" class="name">{{label}}</th><td>{{subset}}</td><td class="num">{{count}}</td><td class="num">{{newest}}</td><td class="num">{{reference}}</td><td>{{{spark}}}</td></tr>
    {{/cells}}
    </tbody>
    </table>
    </div>
    {{/hasNights}}
    {{#hasUnreadable}}
    <p class="note">{{unreadable}}</p>
    {{/hasUnreadable}}

    """#

  static let speed = #"""
    <h1>Speed</h1>
    {{^hasRows}}
    <p class="lead">Nothing has been measured in this folder of results yet.</p>
    <pre><code>make bench</code></pre>
    {{/hasRows}}
    {{#hasRows}}
    <p class="lead">The same work in jml and in PyTorch, measured one after the other on one machine. Both compute in float32 where a row does not name another precision of jml; the peer’s fastest other mode stands beside it.</p>
    <figure>{{{chart}}}<figcaption>The peer’s seconds in float32 over ours: longer bars are better for jml.</figcaption></figure>
    <div class="scroll" role="region" aria-label="Seconds and memory" tabindex="0">
    <table class="wide" id="speed" data-sortable>
    <thead><tr><th scope="col">Work</th><th scope="col" class="num">jml</th><th scope="col" class="num">Peer, float32</th><th scope="col" class="num">Ratio</th><th scope="col" class="num">Peer, best</th><th scope="col" class="num">Ratio, best</th><th scope="col" class="num">Memory, jml</th><th scope="col" class="num">Memory, peer</th></tr></thead>
    <tbody>
    {{#rows}}
    <tr><th scope="row">{{label}}<span class="sub">{{detail}}</span></th>{{#ours}}<td class="num" data-value="{{exact}}"><span class="v">{{printed}}</span></td>{{/ours}}{{#plain}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/plain}}{{#ratio}}<td class="num" data-value="{{exact}}"><span class="v">{{printed}}</span><span class="sub">{{range}}</span></td>{{/ratio}}{{#best}}<td class="num" data-value="{{exact}}">{{printed}}<span class="sub">{{bestMode}}</span></td>{{/best}}{{#bestRatio}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/bestRatio}}{{#bytes}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/bytes}}{{#peerBytes}}<td class="num" data-value="{{exact}}">{{printed}}</td>{{/peerBytes}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    <p class="note">Seconds are medians of a step. Memory is the largest resident size of the process.</p>
    {{#hasNotes}}
    <ul class="notes">
    {{#notes}}<li>{{.}}</li>{{/notes}}
    </ul>
    {{/hasNotes}}
    <h2>Where it was measured</h2>
    <dl class="facts">
    {{#facts}}
    <dt>{{name}}</dt><dd>{{text}}</dd>
    {{/facts}}
    </dl>
    {{/hasRows}}

    """#

  static let figures = #"""
    <h1>Figures</h1>
    {{^hasFigures}}
    <p class="lead">No figure has been drawn in this folder of results yet.</p>
    <pre><code>make figures</code></pre>
    {{/hasFigures}}
    {{#hasFigures}}
    <p class="lead">The paper’s figures, drawn anew from functions and from finished runs.</p>
    <ul>
    {{#entries}}
    <li><a href="{{href}}">{{label}}</a></li>
    {{/entries}}
    </ul>
    {{/hasFigures}}

    """#

  static let figure = #"""
    <h1>Figure {{number}}. {{heading}}</h1>
    {{#isShown}}
    <figure><a href="{{file}}"><img src="{{shown}}" alt="Figure {{number}}: {{heading}}" width="{{width}}" height="{{height}}"></a></figure>
    {{/isShown}}
    <p><a href="{{file}}">The picture</a>{{#isPreview}} in full size{{/isPreview}} ({{size}})</p>

    """#
}
